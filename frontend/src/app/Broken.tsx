/** What stands there when a page fails, and when there is none. */
import { Button, Center } from "@mantine/core";
import { Component, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { Empty } from "@/shared/ui/states";

/** Shows `Broken` in place of a page that fails, until another page is gone to. */
export class Boundary extends Component<{ children: ReactNode; at: string }, { failedAt: string | null }> {
  override state = { failedAt: null as string | null };

  override componentDidCatch(): void {
    this.setState({ failedAt: this.props.at });
  }

  static getDerivedStateFromError(): null {
    return null;
  }

  override render(): ReactNode {
    return this.state.failedAt === this.props.at ? <Broken /> : this.props.children;
  }
}

function Broken() {
  const { t } = useTranslation();
  return (
    <Center mih="60vh">
      <Empty title={t("state.broken")}>
        {/* A part of an older build may be gone: a reload gets the new one. */}
        <Button onClick={() => location.reload()}>{t("state.reload")}</Button>
      </Empty>
    </Center>
  );
}

export function NotThere() {
  const { t } = useTranslation();
  return (
    <Empty title={t("state.notThere")}>
      <Button component={Link} to="/">
        {t("nav.board")}
      </Button>
    </Empty>
  );
}
