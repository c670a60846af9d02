// Calls a site with the generated types; prints the operation of each call.
// Arguments: the site's address, a customer's, a publisher's and a support token.
import createClient from "openapi-fetch";
import type { paths } from "./schema.js";

declare const process: { argv: string[] };

const [site, ...tokens] = process.argv.slice(2);
const [customer, publisher, support] = tokens.map((token) =>
  createClient<paths>({ baseUrl: site, headers: { Authorization: `Bearer ${token}` } }),
);

function check(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
  console.log(what);
}

const answer = await customer.POST("/ask", { body: { message: "How do I reset my password?" } });
const confidence: number | null | undefined = answer.data?.decision.confidence;
check(answer.data?.outcome === "answered" && typeof confidence === "number", "ask");

const unclear = "how do i return a parcel and get my money back";
const options = await customer.POST("/ask", { body: { message: unclear } });
const choice = options.data?.options[0]?.faq_id ?? "";
const chosen = await customer.POST("/ask", { body: { message: unclear, choice } });
check(choice !== "" && chosen.data?.faq_id === choice, "ask with a choice");

const feedback = await customer.POST("/asks/{ask_id}/feedback", {
  params: { path: { ask_id: answer.data?.ask_id ?? "" } },
  body: { helpful: true },
});
check(feedback.response.ok, "give_feedback");

const found = await customer.GET("/search", { params: { query: { q: "password" } } });
check(found.data?.results[0]?.faq_id === "reset-password", "search");

const created = await customer.POST("/tickets", { body: { message: "Where is it?" } });
check(created.data?.result === "created", "tickets_create");
const id = created.data?.id ?? 0;

const ticket = await customer.GET("/tickets/{id}", { params: { path: { id } } });
check(ticket.data?.message === "Where is it?", "tickets_read");

const claimed = await support.POST("/tickets/{id}/claim", { params: { path: { id } } });
check(claimed.data?.status === "claimed", "tickets_claim");

const faqs = await publisher.GET("/faqs", { params: { query: { limit: 2 } } });
check(faqs.data?.results.length === 2, "faqs_list");

const changed = await publisher.PATCH("/faqs/{faq_id}", {
  params: { path: { faq_id: "reset-password" } },
  body: { owner: "kim" },
});
check((changed.data?.alternates?.length ?? 0) > 0, "faqs_update");

const exported = await publisher.GET("/faqs.{kind}", {
  params: { path: { kind: "csv" } },
  parseAs: "text",
});
check(String(exported.data).includes("reset-password"), "faqs_export");

check(Array.isArray((await publisher.GET("/gaps")).data?.gaps), "gaps_list");
check(typeof (await publisher.GET("/outcomes")).data?.needs === "number", "outcomes_read");
check(typeof (await publisher.GET("/releases/draft")).data?.count === "number", "releases_draft");

const refused = await customer.GET("/audit");
check(refused.error?.type.endsWith(":forbidden") ?? false, "audit_list is refused");
