/** Who sees which pages: the signed-in, the signed-out, admins. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { Navigate, Outlet } from "react-router";
import { queries } from "@/shared/api/queries";
import { LiveContext, useFeed } from "@/shared/live/live";
import { useToken } from "@/shared/session";
import { Failure, Loading } from "@/shared/ui/states";
import { UserContext, useUser } from "@/shared/user";
import { signInPath, useHere, useNext } from "@/shared/ways";
import { Plain, Shell } from "./Shell";

/** Pages that are sent as links: visitors see them, too, as far as the server lets them. */
const SHOWN_TO_ALL = /^\/events([/?]|$)/;

export function Inside() {
  const token = useForgetful();
  const here = useHere();
  if (token !== null) return <Known token={token} />;
  if (SHOWN_TO_ALL.test(here)) return <Visitor />;
  return <Navigate to={signInPath(here)} replace />;
}

/** The token. Nothing of one user is shown to the next. */
function useForgetful(): string | null {
  const token = useToken();
  const client = useQueryClient();
  useEffect(() => {
    if (token === null) client.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== "info" });
  }, [token, client]);
  return token;
}

function Visitor() {
  const live = useFeed(null);
  return (
    <LiveContext value={live}>
      <Plain isVisited>
        <Outlet />
      </Plain>
    </LiveContext>
  );
}

function Known({ token }: { token: string }) {
  const live = useFeed(token);
  const me = useQuery(queries.me(token));
  if (me.data === undefined) {
    return <Plain>{me.error ? <Failure error={me.error} onRetry={() => void me.refetch()} /> : <Loading />}</Plain>;
  }
  return (
    <UserContext value={me.data}>
      <LiveContext value={live}>
        <Shell>
          <Outlet />
        </Shell>
      </LiveContext>
    </UserContext>
  );
}

export function SignedOut() {
  const token = useToken();
  const next = useNext();
  if (token !== null) return <Navigate to={next} replace />;
  return (
    <Plain>
      <Outlet />
    </Plain>
  );
}

export function AdminsOnly() {
  const user = useUser();
  return user.role === "admin" ? <Outlet /> : <Navigate to="/" replace />;
}
