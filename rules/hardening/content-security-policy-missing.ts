import { defineRule } from '../../src/engine/rule.ts'
import { headerExamples } from './_examples.ts'
import { withoutHeader } from './_missing-header.ts'

const EXAMPLES = headerExamples('Content-Security-Policy', "default-src 'self'")

export default defineRule({
  summary: 'Pages say nothing of where their scripts may come from',
  severity: 'info',
  confidence: 'medium',
  since: '0.1.0',
  why: 'Where somebody gets a script into a page, a policy keeps it from running. Which policy is right only the pages know.',
  remedy:
    'Send a `Content-Security-Policy` that names the sources of the pages; `Content-Security-Policy-Report-Only` tries it',
  controls: ['CIS nginx: Content Security Policy', 'dev-sec nginx-15'],
  references: ['https://developer.mozilla.org/en-US/docs/Web/HTTP/Guides/CSP'],
  bad: EXAMPLES.bad,
  good: EXAMPLES.good,
  *check(deployment) {
    yield* withoutHeader(deployment, '`Content-Security-Policy`', name =>
      name.startsWith('content-security-policy'),
    )
  },
})
