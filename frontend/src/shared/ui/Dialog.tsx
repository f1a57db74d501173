/** A dialog that is open as long as it is there. */
import { Modal } from "@mantine/core";
import { useTranslation } from "react-i18next";

interface Props {
  title: string;
  onClose: () => void;
  children: React.ReactNode;
}

export function Dialog({ title, onClose, children }: Props) {
  const { t } = useTranslation();
  return (
    <Modal opened onClose={onClose} title={title} closeButtonProps={{ "aria-label": t("close") }}>
      {children}
    </Modal>
  );
}
