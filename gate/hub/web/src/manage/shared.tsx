import { Button, Code, CopyButton, Group, Modal, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useQueryClient } from "@tanstack/react-query";

import { call } from "../api";
import { useWords } from "../words";

/** Changes something and loads the list again; tells when the hub refused. */
export function useChange(key: string) {
  const queries = useQueryClient();
  return async <T,>(method: string, path: string, body?: unknown): Promise<T | null> => {
    try {
      const answer = await call<T>(method, path, body);
      void queries.invalidateQueries({ queryKey: [key] });
      return answer;
    } catch (error) {
      notifications.show({ color: "red", message: (error as Error).message });
      return null;
    }
  };
}

/** Shows something that is shown once. */
export function OnceShown({ title, text, onClose }: { title: string; text: string; onClose: () => void }) {
  const { w } = useWords();
  return (
    <Modal opened onClose={onClose} title={title} centered>
      <Code block style={{ wordBreak: "break-all", whiteSpace: "pre-wrap" }}>
        {text}
      </Code>
      <Group mt="md" justify="flex-end">
        <CopyButton value={text}>
          {({ copied, copy }) => (
            <Button onClick={copy} variant={copied ? "light" : "filled"}>
              {copied ? <Text span>✓</Text> : w("copy")}
            </Button>
          )}
        </CopyButton>
      </Group>
    </Modal>
  );
}
