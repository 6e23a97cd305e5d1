import { defineRule } from '../../src/engine/rule.ts'
import { headerExamples } from './_examples.ts'
import { withoutHeader } from './_missing-header.ts'

const EXAMPLES = headerExamples('Referrer-Policy', 'strict-origin-when-cross-origin')

export default defineRule({
  summary: 'What other sites learn of the page that a client came from is left to the browser',
  severity: 'info',
  confidence: 'medium',
  since: '0.1.0',
  why: 'Browsers of today send other sites the name of the host alone. Older ones send them the whole URL, with what may stand in its query.',
  remedy: 'Send `Referrer-Policy: strict-origin-when-cross-origin`, or a stricter one',
  controls: ['CIS nginx: Referrer Policy'],
  references: ['https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Referrer-Policy'],
  bad: EXAMPLES.bad,
  good: EXAMPLES.good,
  *check(deployment) {
    yield* withoutHeader(deployment, '`Referrer-Policy`', name => name === 'referrer-policy')
  },
})
