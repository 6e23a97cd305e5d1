import type { NginxConnection } from '../../src/deployment/model.ts'
import { indentationAt, insertBefore, type Proposal, propose } from '../../src/deployment/edits.ts'
import { namePlace } from '../../src/deployment/places.ts'

/**
 * One `proxy_set_header` line more, beside the set that is in force for a hop, so that the set stays one:
 * a line in the hop's own block would drop what that block inherits.
 */
export function addHeader(
  { headers, pass }: NginxConnection,
  name: string,
  value: string,
  safety: 'safe' | 'unsafe',
): Proposal {
  const place = namePlace(headers.written[0]?.directive ?? pass)
  const line = `proxy_set_header ${name} ${value};\n${indentationAt(place)}`
  return propose(`Set ${name} in nginx`, safety, [insertBefore(place, line)])
}
