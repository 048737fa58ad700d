// Switching one-time codes on and off.
import { Button, Code, Image, Loader, Modal, Stack, Text, TextInput } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { call, get } from "../api";
import { useMe } from "../session";
import { useWords } from "../words";

interface Proposal {
  secret: string;
  address: string;
  qr: string;
}

export default function TotpDialog({ onClose }: { onClose: () => void }) {
  const { w } = useWords();
  const me = useMe();
  const queries = useQueryClient();
  const [code, setCode] = useState("");
  const { data } = useQuery({
    queryKey: ["totp"],
    queryFn: () => get<Proposal>("/api/v1/session/totp"),
    enabled: !me.has_codes,
    staleTime: Infinity,
    gcTime: 0,
  });
  async function save() {
    try {
      if (me.has_codes) await call("POST", "/api/v1/session/totp/off", { code });
      else await call("PUT", "/api/v1/session/totp", { secret: data?.secret, code });
      queries.setQueryData(["me"], { ...me, has_codes: !me.has_codes });
      notifications.show({ message: w("saved"), color: "green" });
      onClose();
    } catch (error) {
      notifications.show({ color: "red", message: (error as Error).message });
    }
  }
  return (
    <Modal opened onClose={onClose} title={w(me.has_codes ? "codesOff" : "codesOn")} centered>
      <Stack>
        {!me.has_codes && (
          <>
            <Text size="sm">{w("codesHint")}</Text>
            {data ? <Image src={data.qr} alt={data.address} w={220} mx="auto" bg="white" /> : <Loader />}
            {data && <Code block ta="center">{data.secret}</Code>}
          </>
        )}
        <TextInput label={w("sixDigits")} value={code} onChange={(e) => setCode(e.currentTarget.value.trim())} inputMode="numeric"
          autoComplete="one-time-code" maxLength={6} data-autofocus />
        <Button disabled={!/^\d{6}$/.test(code)} color={me.has_codes ? "red" : undefined} onClick={() => void save()}>
          {w(me.has_codes ? "codesOff" : "codesOn")}
        </Button>
      </Stack>
    </Modal>
  );
}
