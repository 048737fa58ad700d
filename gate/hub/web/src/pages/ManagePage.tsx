import { Tabs } from "@mantine/core";
import { useSearchParams } from "react-router";

import { AuditTab } from "../manage/AuditTab";
import { ChannelsTab } from "../manage/ChannelsTab";
import { PeopleTab } from "../manage/PeopleTab";
import { TicketsTab, VehiclesTab } from "../manage/RegistersTab";
import { RosterTab } from "../manage/RosterTab";
import { SitesTab } from "../manage/SitesTab";
import { useWords } from "../words";

export function ManagePage() {
  const { w } = useWords();
  const [params, setParams] = useSearchParams();
  return (
    <Tabs value={params.get("tab") ?? "people"} onChange={(tab) => setParams({ tab: tab ?? "people" })} maw={1040} mx="auto" keepMounted={false}>
      <Tabs.List mb="md" style={{ flexWrap: "nowrap", overflowX: "auto", overflowY: "hidden" }}>
        <Tabs.Tab value="people">{w("persons")}</Tabs.Tab>
        <Tabs.Tab value="roster">{w("roster")}</Tabs.Tab>
        <Tabs.Tab value="sites">{w("sites")}</Tabs.Tab>
        <Tabs.Tab value="channels">{w("channels")}</Tabs.Tab>
        <Tabs.Tab value="tickets">{w("tickets")}</Tabs.Tab>
        <Tabs.Tab value="vehicles">{w("vehicles")}</Tabs.Tab>
        <Tabs.Tab value="audit">{w("audit")}</Tabs.Tab>
      </Tabs.List>
      <Tabs.Panel value="people">
        <PeopleTab />
      </Tabs.Panel>
      <Tabs.Panel value="roster">
        <RosterTab />
      </Tabs.Panel>
      <Tabs.Panel value="tickets">
        <TicketsTab />
      </Tabs.Panel>
      <Tabs.Panel value="vehicles">
        <VehiclesTab />
      </Tabs.Panel>
      <Tabs.Panel value="sites">
        <SitesTab />
      </Tabs.Panel>
      <Tabs.Panel value="channels">
        <ChannelsTab />
      </Tabs.Panel>
      <Tabs.Panel value="audit">
        <AuditTab />
      </Tabs.Panel>
    </Tabs>
  );
}
