/** The signed-in user, known to every page inside the shell. */
import { createContext, useContext } from "react";
import type { User } from "@/shared/api/queries";

export const UserContext = createContext<User | null>(null);

/** Nobody on pages that are shown to visitors, too. */
export function useVisitor(): User | null {
  return useContext(UserContext);
}

export function useUser(): User {
  const user = useVisitor();
  if (user === null) throw new Error("used outside of the shell");
  return user;
}
