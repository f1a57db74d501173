/** Keeps what is shown true: messages of the stream are hints of what to ask for again. Without a stream we poll. */
import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { createContext, useContext, useEffect, useState } from "react";
import { setReachable, useReachable } from "@/shared/reach";
import { followExpiries } from "./expiry";
import { keysOfChanged, keysOfTaken } from "./keys";
import { listen, type Message } from "./stream";

const POLL_MILLISECONDS = 3_000;
/** One refetch for all messages of this time: too short to be seen. */
const GATHER_MILLISECONDS = 100;
/** In a flood, as when an event sells out before hundreds, the next refetch waits for the last and for this long. */
const PAUSE_MILLISECONDS = 500;
const RETRY_MILLISECONDS = [0, 500, 1_000, 2_000, 4_000];

export type Feed = "stream" | "polling" | "reconnecting";

/** `isStale`: what is shown may be old, so nothing may be changed. `pollEvery`: for queries that must stay true. */
export interface Live {
  isStale: boolean;
  pollEvery: number | false;
}

export const LiveContext = createContext<Live>({ isStale: false, pollEvery: false });

export function useLive(): Live {
  return useContext(LiveContext);
}

/** Which queries a message makes old. */
export function touched({ type, place }: Message): string[] {
  const thing = type.split(".")[0] ?? "";
  if (thing !== "reservation" && thing !== "booking") return keysOfChanged(thing);
  return keysOfTaken(place?.split(":")[0]);
}

/** The one connection of the page: of who is signed in, or of a visitor where those may listen. */
export function useFeed(token: string | null): Live {
  const client = useQueryClient();
  const isReachable = useReachable();
  const [feed, setFeed] = useState<Feed>("polling");

  useEffect(() => {
    const ending = new AbortController();
    const gathered = gatherer(client);
    const unfollow = followExpiries(client, gathered);
    void follow(ending.signal, setFeed, gathered);
    return () => {
      unfollow();
      ending.abort();
    };
  }, [client, token]);

  useEffect(() => {
    if (!isReachable) return probe(client);
    return undefined;
  }, [client, isReachable]);

  const isStale = !isReachable || feed === "reconnecting";
  return { isStale, pollEvery: feed === "stream" ? false : POLL_MILLISECONDS };
}

function isOver(signal: AbortSignal): boolean {
  return signal.aborted;
}

async function follow(signal: AbortSignal, setFeed: (feed: Feed) => void, gathered: Gatherer): Promise<void> {
  const progress = { failures: 0, heard: false };
  while (!isOver(signal)) {
    const ended = await listen(
      {
        onOpen() {
          setReachable(true);
          setFeed("stream");
          // Whatever happened while nobody listened.
          if (progress.heard) gathered.all();
          progress.heard = true;
          progress.failures = 0;
        },
        onMessage: (message) => gathered.add(touched(message)),
      },
      signal,
    );
    if (isOver(signal)) return;
    if (ended !== "broken") return setFeed("polling");
    progress.failures += 1;
    // The first break is repaired at once, and nobody need know.
    if (progress.failures > 1) setFeed(progress.heard ? "reconnecting" : "polling");
    await pause(RETRY_MILLISECONDS[Math.min(progress.failures, RETRY_MILLISECONDS.length) - 1] ?? 0, signal);
  }
}

export interface Gatherer {
  add: (keys: string[]) => void;
  all: () => void;
}

/** Gathers what messages have made old, and asks for it again: soon, but never faster than it comes. */
export function gatherer(client: Pick<QueryClient, "invalidateQueries">): Gatherer {
  const waiting = new Set<string>();
  let isBusy = false;
  const gather = async (): Promise<void> => {
    isBusy = true;
    await pause(GATHER_MILLISECONDS);
    while (waiting.size > 0) {
      const keys = new Set(waiting);
      waiting.clear();
      // Not before the last one is there: it would be given up, and in a flood none would ever arrive.
      await client.invalidateQueries({ predicate: ({ queryKey }) => keys.has(String(queryKey[0])) });
      await pause(PAUSE_MILLISECONDS);
    }
    isBusy = false;
  };
  return {
    add(keys) {
      keys.forEach((key) => waiting.add(key));
      if (waiting.size > 0 && !isBusy) void gather();
    },
    all: () => void client.invalidateQueries(),
  };
}

/** Ask for the server until it is there again, and then for everything. */
function probe(client: QueryClient): () => void {
  const ending = new AbortController();
  const ask = async (): Promise<void> => {
    while (!ending.signal.aborted) {
      await pause(1_000, ending.signal);
      try {
        const answer = await fetch("/_info", { signal: ending.signal, cache: "no-store" });
        if (!answer.ok) continue;
        setReachable(true);
        await client.invalidateQueries();
        return;
      } catch {
        // Not yet.
      }
    }
  };
  void ask();
  return () => ending.abort();
}

function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    }, { once: true });
  });
}
