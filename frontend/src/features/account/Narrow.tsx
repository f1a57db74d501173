/** A narrow column for short forms. */
import { Container, Paper } from "@mantine/core";

export function Narrow({ children }: { children: React.ReactNode }) {
  return (
    <Container size={440} px={0} py="lg">
      <Paper withBorder p={{ base: "md", sm: "xl" }} radius="md">
        {children}
      </Paper>
    </Container>
  );
}
