import { placeText } from '../parsers/text/source.ts'
import { propose, replacePlace } from '../src/deployment/edits.ts'
import type { RuleFinding } from '../src/engine/rule.ts'
import { readPattern } from '../src/servers/pcre/read-pattern.ts'
import type { Rewriting } from './_rewriting.ts'

/** Tells of a group that a target inserts with a backslash, `sent` being what the server makes of `\1`; null for none. */
export function sedReference(
  { pattern, target, patternAt, targetAt }: Rewriting,
  sent: (digit: string) => string,
): RuleFinding | null {
  const [reference, digit = ''] = target.match(REFERENCE) ?? []
  const tree = reference === undefined ? null : readPattern(pattern)
  if (reference === undefined || tree === null || tree.problem !== null || tree.groups < Number(digit))
    return null
  const written = placeText(targetAt)
  return {
    at: targetAt,
    message: `\`${reference}\` inserts nothing: ${sent(digit)} is sent, and the group is \`$${digit}\` in a target`,
    label: 'as sed writes it',
    related: [{ at: patternAt, message: 'the group' }],
    ...propose('Write the group with a dollar sign', 'unsafe', [
      written.includes(reference)
        ? replacePlace(targetAt, written.replaceAll(new RegExp(REFERENCE, 'g'), '$$$1'))
        : null,
    ]),
  }
}

/** `\1`, and no `%\20`, which is an escaped blank of Apache. */
const REFERENCE = /(?<![\\%$])\\([1-9])(?![0-9A-Fa-f])/
