/** Links to follow and to copy. */
import { Anchor, Button, Group } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { IconCopy, IconVideo } from "./icons";

export function CopyLink({ link }: { link: string }) {
  const { t } = useTranslation();
  return (
    <Group gap="xs" wrap="wrap">
      <Anchor href={link} target="_blank" rel="noopener noreferrer" size="sm" underline="always">
        <Group gap={6} wrap="nowrap" component="span">
          <IconVideo />
          {t("link.open")}
        </Group>
      </Anchor>
      <CopyButton text={link} />
    </Group>
  );
}

export function CopyButton({ text, size = "compact-sm" }: { text: string; size?: "compact-sm" | "sm" }) {
  const { t } = useTranslation();
  const [isCopied, setCopied] = useState(false);
  return (
    <Button size={size} variant="default" leftSection={<IconCopy />} onClick={() => void copy(text).then(setCopied)}>
      {isCopied ? t("link.copied") : t("link.copy")}
    </Button>
  );
}

/** Browsers give the clipboard to pages over https only; an office's server may have none. */
async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- the only way without https
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}
