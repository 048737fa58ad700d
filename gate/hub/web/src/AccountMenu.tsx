import { Alert, Button, Menu, Modal, PasswordInput, Stack, UnstyledButton } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconBellRinging, IconDeviceMobileCode, IconKey, IconLogout, IconUser } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense, useEffect, useState } from "react";

import { call } from "./api";
import { type PushState, pushState, subscribe, unsubscribe } from "./push";
import { signOut, useMe } from "./session";
import classes from "./Shell.module.css";
import { roleName, useWords } from "./words";

const TotpDialog = lazy(() => import("./manage/TotpDialog"));

export function AccountMenu() {
  const { w, language } = useWords();
  const me = useMe();
  const [push, setPush] = useState<PushState>("unsupported");
  const [asking, setAsking] = useState(false);
  const [codes, setCodes] = useState(false);
  useEffect(() => {
    pushState().then(setPush, () => undefined);
  }, []);

  async function togglePush() {
    try {
      const now = push === "on" ? await unsubscribe() : await subscribe();
      setPush(now);
      notifications.show({ message: w(now === "on" ? "notifyOn" : now === "denied" ? "notifyDenied" : "saved") });
    } catch (error) {
      notifications.show({ color: "red", message: (error as Error).message });
    }
  }

  return (
    <>
      <Menu position="bottom-end" width={230}>
        <Menu.Target>
          <UnstyledButton className={classes.me} aria-label={me.shown_name}>
            <IconUser size={20} />
          </UnstyledButton>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>
            {me.shown_name} · {roleName(me.role, language)}
          </Menu.Label>
          {push !== "unsupported" && (
            <Menu.Item leftSection={<IconBellRinging size={16} />} onClick={() => void togglePush()}>
              {w(push === "on" ? "notifyOn" : "notifyMe")}
            </Menu.Item>
          )}
          <Menu.Item leftSection={<IconKey size={16} />} onClick={() => setAsking(true)}>
            {w("setPassword")}
          </Menu.Item>
          {me.has_password && (
            <Menu.Item leftSection={<IconDeviceMobileCode size={16} />} onClick={() => setCodes(true)}>
              {w(me.has_codes ? "codesOff" : "codesOn")}
            </Menu.Item>
          )}
          <Menu.Item leftSection={<IconLogout size={16} />} onClick={() => void signOut()}>
            {w("signOut")}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {codes && (
        <Suspense>
          <TotpDialog onClose={() => setCodes(false)} />
        </Suspense>
      )}
      {asking && <PasswordDialog onClose={() => setAsking(false)} />}
    </>
  );
}

function PasswordDialog({ onClose }: { onClose: () => void }) {
  const { w } = useWords();
  const me = useMe();
  const queries = useQueryClient();
  const [old, setOld] = useState("");
  const [next, setNext] = useState("");
  async function save() {
    try {
      await call("PUT", "/api/v1/session/password", { old, new: next });
      queries.setQueryData(["me"], { ...me, has_password: true });
      notifications.show({ message: w("saved"), color: "green" });
      onClose();
    } catch (error) {
      notifications.show({ color: "red", message: (error as Error).message });
    }
  }
  return (
    <Modal opened onClose={onClose} title={w("setPassword")} centered>
      <Stack>
        {!me.has_password && <Alert color="amber">{w("noPasswordYet")}</Alert>}
        {me.has_password && (
          <PasswordInput label={w("oldPassword")} value={old} onChange={(e) => setOld(e.currentTarget.value)} autoComplete="current-password" />
        )}
        <PasswordInput label={w("newPassword")} value={next} onChange={(e) => setNext(e.currentTarget.value)} autoComplete="new-password" />
        <Button disabled={next.length < 10} onClick={() => void save()}>
          {w("save")}
        </Button>
      </Stack>
    </Modal>
  );
}
