// Who is signed in, and the page shown while nobody is.
import { Alert, Button, Center, Loader, Paper, PasswordInput, Stack, TextInput, Title } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { createContext, type FormEvent, type ReactNode, useContext, useState } from "react";

import { ApiError, call, type Me, setCsrf } from "./api";
import { forgetKept } from "./push";
import { Mark } from "./parts/Mark";
import { useWords } from "./words";

const MeContext = createContext<Me | null>(null);

export function useMe(): Me {
  const me = useContext(MeContext);
  if (me === null) throw new Error("used outside of a session");
  return me;
}

const ENTER = "#enter=";

/** A link's token stands behind '#', is used once, and leaves the address bar at once. */
async function whoAmI(): Promise<Me | "link-used" | null> {
  const { hash } = window.location;
  if (hash.startsWith(ENTER)) {
    window.history.replaceState(null, "", window.location.pathname);
    try {
      return await call<Me>("POST", "/api/v1/session/link", { token: hash.slice(ENTER.length) });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      return "link-used";
    }
  }
  const answer = await fetch("/api/v1/session/state");
  const said = (await answer.json()) as { me: Me | null };
  return said.me;
}

export function Session({ children }: { children: ReactNode }) {
  const { data, isPending } = useQuery({ queryKey: ["me"], queryFn: whoAmI, staleTime: Infinity, retry: 3 });
  if (isPending) {
    return (
      <Center h="100dvh">
        <Loader />
      </Center>
    );
  }
  if (!data || data === "link-used") return <SignIn linkUsed={data === "link-used"} />;
  setCsrf(data.csrf);
  return <MeContext.Provider value={data}>{children}</MeContext.Provider>;
}

function SignIn({ linkUsed }: { linkUsed: boolean }) {
  const { w } = useWords();
  const queries = useQueryClient();
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const [problem, setProblem] = useState("");

  async function submit(event: FormEvent) {
    event.preventDefault();
    try {
      const me = await call<Me>("POST", "/api/v1/session", { name, password, code });
      queries.setQueryData(["me"], me);
    } catch (error) {
      setProblem(error instanceof ApiError ? error.message : w("failed"));
    }
  }

  return (
    <Center mih="100dvh" p="md">
      <Paper component="form" onSubmit={submit} withBorder p="xl" w={380} shadow="md">
        <Stack>
          <Mark size={44} />
          <Title order={2}>{w("product")}</Title>
          {linkUsed && <Alert color="orange">{w("linkUsed")}</Alert>}
          {problem && <Alert color="red">{problem}</Alert>}
          <TextInput label={w("name")} value={name} onChange={(e) => setName(e.currentTarget.value)}
            autoComplete="username" required autoFocus />
          <PasswordInput label={w("password")} value={password} onChange={(e) => setPassword(e.currentTarget.value)}
            autoComplete="current-password" required />
          <TextInput label={w("code")} value={code} onChange={(e) => setCode(e.currentTarget.value)}
            inputMode="numeric" autoComplete="one-time-code" maxLength={6} />
          <Button type="submit" fullWidth>
            {w("signIn")}
          </Button>
        </Stack>
      </Paper>
    </Center>
  );
}

export async function signOut(): Promise<void> {
  await call("DELETE", "/api/v1/session");
  forgetKept();
  window.location.assign("/");
}

