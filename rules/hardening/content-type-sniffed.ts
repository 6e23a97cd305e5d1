import { defineRule } from '../../src/engine/rule.ts'
import { headerExamples } from './_examples.ts'
import { withoutHeader } from './_missing-header.ts'

const EXAMPLES = headerExamples('X-Content-Type-Options', 'nosniff')

export default defineRule({
  summary: 'Browsers may guess the type of a file by its content',
  severity: 'info',
  confidence: 'medium',
  since: '0.1.0',
  why: 'A file that a server calls text, and that looks like a script, may be run as one. It matters where clients upload files.',
  remedy: 'Send `X-Content-Type-Options: nosniff`',
  controls: ['CIS nginx 5.3.2', 'dev-sec nginx-10'],
  references: ['https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/X-Content-Type-Options'],
  bad: EXAMPLES.bad,
  good: EXAMPLES.good,
  *check(deployment) {
    yield* withoutHeader(
      deployment,
      '`X-Content-Type-Options: nosniff`',
      name => name === 'x-content-type-options',
    )
  },
})
