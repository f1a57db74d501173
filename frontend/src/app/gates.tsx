/** Who sees which pages: the signed-in, the signed-out, admins. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { Navigate, Outlet, useLocation } from "react-router";
import { queries } from "@/shared/api/queries";
import { LiveContext, useFeed } from "@/shared/live/live";
import { useToken } from "@/shared/session";
import { Failure, Loading } from "@/shared/ui/states";
import { UserContext, useUser } from "@/shared/user";
import { Plain, Shell } from "./Shell";

interface CameFrom {
  from?: string;
}

/** Pages that are sent as links: visitors see them, too, as far as the server lets them. */
const SHOWN_TO_ALL = /^\/events(\/|$)/;

export function Inside() {
  const token = useForgetful();
  const { pathname, search } = useLocation();
  if (token !== null) return <Known token={token} />;
  if (SHOWN_TO_ALL.test(pathname)) return <Visitor />;
  return <Navigate to="/sign-in" replace state={{ from: pathname + search } satisfies CameFrom} />;
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
  const location = useLocation();
  if (token !== null) return <Navigate to={(location.state as CameFrom | null)?.from ?? "/"} replace />;
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
