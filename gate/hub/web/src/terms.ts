// What the gate and the hub say in English, for people who read Chinese.
import { type Language, ruleName } from "./words";

const AUDIT: Record<string, string> = {
  "add channel": "添加通道", "remove channel": "删除通道", "test channel": "测试通道",
  "add route": "添加派发", "remove route": "删除派发",
  "add person": "添加人员", "change person": "修改人员", "new link": "重置登录",
  "add shift": "排班", "remove shift": "取消排班",
  "register site": "登记场点", "subscribe phone": "开启推送",
  "sign in by password": "密码登录", "sign in by link": "链接登录", "sign out": "退出", "wrong sign in": "登录失败",
  "set password": "设置密码", "switch codes on": "启用动态口令", "switch codes off": "停用动态口令",
  "look at passage": "查看过车", "look at file": "查看文件", "watch live": "查看实时画面",
  "lock passage": "锁定保全", "unlock passage": "解除锁定", export: "导出", "verify evidence": "核验证据", "export evidence": "导出证据",
  silence: "静默", "end silence": "结束静默",
  "alert acknowledge": "确认告警", "alert dispose": "处置告警", "alert close": "关闭告警", "alert reopen": "退回告警",
  "alert note": "备注告警", "alert escalate": "上报告警",
  "order release": "下令放行", "order hold": "下令扣留", "order reweigh": "下令复磅",
};

export function auditName(action: string, language: Language): string {
  return language === "zh" ? (AUDIT[action] ?? action) : action;
}

const TICKETS: Record<string, string> = {
  valid: "有效", bad_signature: "签名不符", expired: "已过期", void: "已作废", used: "已使用", unknown: "未登记", early: "未生效",
};

export function ticketState(state: string, language: Language): string {
  return language === "zh" ? (TICKETS[state] ?? state) : state.replaceAll("_", " ");
}

const AGAINST: [RegExp, (found: RegExpExecArray) => string][] = [
  [/^more than one vehicle before the barrier$/, () => "闸前不止一辆车"],
  [/^the barrier was opened for it already$/, () => "已为该车抬过杆"],
  [/^plate not read$/, () => "车牌未识别"],
  [/^no valid ticket$/, () => "无有效票据"],
  [/^weight not stable$/, () => "称重未稳定"],
  [/^held by (.+?): (.+)$/s, (m) => `${m[1]} 扣留:${m[2]}`],
  [/^net ([\d,]+) kg, ([\d,]+) kg over its ticket of ([\d.]+) t$/, (m) => `净重 ${m[1]} kg,超出票面 ${m[3]} t 达 ${m[2]} kg`],
];

/** One reason why a barrier stays closed, as the gate says it: a sentence, or the id of a finding. */
export function againstText(reason: string, language: Language): string {
  const finding = /^[^\s/]+\/([a-z_]+)$/.exec(reason);
  if (finding?.[1]) return ruleName(finding[1], language);
  if (language === "en") return reason;
  for (const [form, say] of AGAINST) {
    const found = form.exec(reason);
    if (found) return say(found);
  }
  return reason;
}
