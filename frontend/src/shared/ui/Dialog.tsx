/** A dialog that is open as long as it is there. */
import { Modal, type ModalProps } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useReturnedFocus } from "./focus";

interface Props extends Pick<ModalProps, "size"> {
  title: string;
  onClose: () => void;
  children: React.ReactNode;
}

export function Dialog({ title, onClose, children, ...others }: Props) {
  const { t } = useTranslation();
  useReturnedFocus();
  return (
    <Modal opened onClose={onClose} title={title} closeButtonProps={{ "aria-label": t("close") }} {...others}>
      {children}
    </Modal>
  );
}
