/** Server-sent events over `fetch`, which can carry the token; the browser's own `EventSource` cannot. */
import { createParser } from "eventsource-parser";
import { token } from "@/shared/session";

const SILENCE_MILLISECONDS_MAX = 40_000;

export interface Message {
  type: string;
  place: string | undefined;
}

/** How a connection ended: the server has no stream, refuses this token, or it broke off. */
export type Ending = "absent" | "refused" | "broken";

interface Listener {
  onOpen: () => void;
  onMessage: (message: Message) => void;
}

let lastId: string | undefined;

/** Listen until it ends. Resumes after the last message that was heard. */
export async function listen({ onOpen, onMessage }: Listener, signal: AbortSignal): Promise<Ending> {
  const quiet = new AbortController();
  let alarm = setTimeout(() => quiet.abort(), SILENCE_MILLISECONDS_MAX);
  try {
    const headers: Record<string, string> = { Accept: "text/event-stream" };
    const held = token();
    if (held !== null) headers["Authorization"] = `Bearer ${held}`;
    if (lastId !== undefined) headers["Last-Event-ID"] = lastId;
    const answer = await fetch("/stream", { headers, signal: AbortSignal.any([signal, quiet.signal]), cache: "no-store" });
    if (answer.status === 404) return "absent";
    if (answer.status === 401 || answer.status === 403) return "refused";
    if (!answer.ok || answer.body === null) return "broken";
    onOpen();
    const parser = createParser({
      onEvent({ id, event, data }) {
        if (id !== undefined) lastId = id;
        if (event !== undefined) onMessage({ type: event, place: placeOf(data) });
      },
    });
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      clearTimeout(alarm);
      alarm = setTimeout(() => quiet.abort(), SILENCE_MILLISECONDS_MAX);
      parser.feed(part.value);
    }
    return "broken";
  } catch {
    return "broken";
  } finally {
    clearTimeout(alarm);
  }
}

function placeOf(text: string): string | undefined {
  try {
    const { place } = JSON.parse(text) as { place?: unknown };
    return typeof place === "string" ? place : undefined;
  } catch {
    return undefined;
  }
}
