/** The signed-in user, known to every page inside the shell. */
import { createContext, useContext } from "react";
import type { User } from "@/shared/api/queries";

export const UserContext = createContext<User | null>(null);

export function useUser(): User {
  const user = useContext(UserContext);
  if (user === null) throw new Error("used outside of the shell");
  return user;
}
