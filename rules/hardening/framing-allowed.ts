import { defineRule } from '../../src/engine/rule.ts'
import { headerExamples } from './_examples.ts'
import { withoutHeader } from './_missing-header.ts'

const EXAMPLES = headerExamples('X-Frame-Options', 'SAMEORIGIN')

export default defineRule({
  summary: 'Any site may show the pages in a frame',
  severity: 'info',
  confidence: 'medium',
  since: '0.1.0',
  why: 'A page in a frame of another site can be made to take clicks that were meant for something else. It matters for pages on which somebody is logged in.',
  remedy:
    'Send `Content-Security-Policy: frame-ancestors` with the sites that may, or `X-Frame-Options: SAMEORIGIN`',
  controls: ['CIS nginx 5.3.1', 'CIS Apache: browser framing', 'dev-sec nginx-08'],
  references: ['https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/X-Frame-Options'],
  bad: EXAMPLES.bad,
  good: EXAMPLES.good,
  *check(deployment) {
    yield* withoutHeader(deployment, '`X-Frame-Options` and `frame-ancestors`', isFraming)
  },
})

function isFraming(name: string, value: string): boolean {
  return (
    name === 'x-frame-options' || (name === 'content-security-policy' && /\bframe-ancestors\b|\$/.test(value))
  )
}
