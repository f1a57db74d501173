/** Reserving a table, and what is reserved: to look at, move and cancel. */
import { useTranslation } from "react-i18next";
import { HeldDialog } from "@/shared/reservation/HeldDialog";
import { clockRange } from "@/shared/time";
import { Dialog } from "@/shared/ui/Dialog";
import { PartyForm, type Wanted } from "./PartyForm";
import { type Dinner, type DinnerTable, newParty, useMoveDinner, useSeat, useSendAway } from "./queries";
import { titleOf } from "./shown";

export function NewPartyDialog({ first, onClose }: { first: Wanted; onClose: () => void }) {
  const { t } = useTranslation();
  const seat = useSeat();
  return (
    <Dialog title={t("party.new")} onClose={onClose}>
      <PartyForm
        first={first}
        action={t("reserve.reserveIt")}
        onClose={onClose}
        onSend={(chosen) => {
          seat.mutate(newParty(chosen));
          onClose();
        }}
      />
    </Dialog>
  );
}

interface Props {
  dinner: Dinner;
  table: DinnerTable;
  isReadOnly: boolean;
  onClose: () => void;
}

export function DinnerDialog({ dinner, table, isReadOnly, onClose }: Props) {
  const { t } = useTranslation();
  const sendAway = useSendAway();
  const move = useMoveDinner();
  const who = dinner.customerName ?? t("item.taken");
  const details = [who, dinner.partySize === null ? null : t("party.guests", { count: dinner.partySize })];
  const first = {
    name: who, size: dinner.partySize ?? 1, start: dinner.start, end: dinner.end, tableId: dinner.tableId,
  };
  return (
    <HeldDialog
      id={dinner.id}
      title={`${table.name} · ${table.location}`}
      stretch={dinner}
      who={details.filter((each) => each !== null).join(", ")}
      canChange={!isReadOnly && dinner.mayChange}
      onLeave={() => sendAway(dinner, `${titleOf(dinner, { taken: who })}, ${table.name}, ${clockRange(dinner)}`)}
      onClose={onClose}
      moving={
        <PartyForm
          first={first}
          movedId={dinner.id}
          action={t("move.do")}
          onClose={onClose}
          onSend={(chosen) => {
            move.mutate({ dinner, table: chosen.table, start: chosen.start, end: chosen.end });
            onClose();
          }}
        />
      }
    />
  );
}
