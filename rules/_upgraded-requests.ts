import { memo } from '../parsers/collections/memo.ts'
import type { Deployment } from '../src/deployment/model.ts'

const POLICY = /upgrade-?_?insecure-?_?requests/i

/**
 * True of a text that has browsers ask by https and wss for what a page names by http and ws: by the directive of a
 * policy, wherever it is written, or by the middleware of Node.js that sends it by itself.
 * @see https://www.w3.org/TR/upgrade-insecure-requests/#upgrade-request
 */
export function upgrades(text: string): boolean {
  return POLICY.test(text) || (/['"]helmet['"]/.test(text) && !/contentSecurityPolicy\s*:\s*false/.test(text))
}

/** True where a server sends such a policy. */
export const upgradesRequests = memo(({ nginx, apache }: Deployment): boolean =>
  [
    ...nginx.flatMap(({ occurrences }) => occurrences.get('add_header') ?? []),
    ...apache.flatMap(({ occurrences }) => occurrences.get('header') ?? []),
  ].some(({ args }) => args.some(({ value }) => POLICY.test(value))),
)
