/** Reserving a table, and what is reserved: to look at, move and cancel. */
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { isDecided } from "@/shared/api/client";
import { useTeller } from "@/shared/reservation/changes";
import { HeldDialog } from "@/shared/reservation/HeldDialog";
import { guestName, tableName } from "@/shared/tables";
import { clockRange } from "@/shared/time";
import { Dialog } from "@/shared/ui/Dialog";
import { type Chosen, PartyForm, type Wanted } from "./PartyForm";
import { type Dinner, type DinnerTable, newParty, type Party, useMoveDinner, useSeat, useSendAway } from "./queries";
import { titleOf } from "./shown";

export function NewPartyDialog({ first, onClose }: { first: Wanted; onClose: () => void }) {
  const { t } = useTranslation();
  const seat = useSeat(useTeller());
  const [sent, setSent] = useState<Party | null>(null);
  const send = (chosen: Chosen): void => {
    const party = newParty(chosen);
    // If the answer was lost, the same wish again; a refusal is remembered by the server, so then a new one.
    const again = sent !== null && isSame(sent, party) && !isDecided(seat.error) ? sent : party;
    setSent(again);
    seat.mutate(again, { onSuccess: onClose });
  };
  return (
    <Dialog title={t("party.new")} onClose={onClose}>
      <PartyForm
        first={first}
        action={t("reserve.reserveIt")}
        error={seat.error}
        isBusy={seat.isPending}
        onChange={seat.reset}
        onClose={onClose}
        onSend={send}
      />
    </Dialog>
  );
}

function isSame(one: Party, other: Party): boolean {
  const told = ({ table, name, size, start, end }: Party): string => JSON.stringify([table.id, name, size, start, end]);
  return told(one) === told(other);
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
  const who = dinner.customerName === null ? t("item.taken") : guestName(dinner.customerName);
  const details = [who, dinner.partySize === null ? null : t("party.guests", { count: dinner.partySize })];
  return (
    <HeldDialog
      id={dinner.id}
      title={`${tableName(table.name)} · ${table.location}`}
      stretch={dinner}
      who={details.filter((each) => each !== null).join(", ")}
      canChange={!isReadOnly && dinner.mayChange}
      onLeave={() => sendAway(dinner, `${titleOf(dinner, { taken: who })}, ${tableName(table.name)}, ${clockRange(dinner)}`)}
      onClose={onClose}
      moving={<MoveDinner dinner={dinner} onClose={onClose} />}
    />
  );
}

function MoveDinner({ dinner, onClose }: Pick<Props, "dinner" | "onClose">) {
  const { t } = useTranslation();
  const move = useMoveDinner(useTeller());
  const [moved] = useState(dinner);
  const first = { name: "", size: moved.partySize ?? 1, start: moved.start, end: moved.end, tableId: moved.tableId };
  return (
    <PartyForm
      first={first}
      movedId={moved.id}
      action={t("move.do")}
      error={move.error}
      isBusy={move.isPending}
      onChange={move.reset}
      onClose={onClose}
      onSend={({ table, start, end }) => move.mutate({ dinner: moved, table, start, end }, { onSuccess: onClose })}
    />
  );
}
