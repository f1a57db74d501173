/** The way to signing in or registering, and from there back to where somebody wanted to be. It stands in the address. */
import { useLocation } from "react-router";

const NEXT = "next";

/** Where one is, with the search. */
export function useHere(): string {
  const { pathname, search } = useLocation();
  return pathname + search;
}

export function signInPath(from: string): string {
  return pathWith("/sign-in", from);
}

/** Another page for the signed-out that leads to the same. */
export function pathWith(path: string, next: string): string {
  return next === "/" ? path : `${path}?${new URLSearchParams({ [NEXT]: next }).toString()}`;
}

/** Where to go once signed in: a page of the app, whoever wrote the address. */
export function nextIn(search: string): string {
  const next = new URLSearchParams(search).get(NEXT) ?? "/";
  return /^\/(?![/\\])/.test(next) ? next : "/";
}

export function useNext(): string {
  return nextIn(useLocation().search);
}
