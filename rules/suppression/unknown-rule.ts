import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'

export default defineRule({
  summary: 'A suppression comment names a rule that does not exist',
  severity: 'warning',
  confidence: 'high',
  since: '0.2.0',
  why: 'The comment suppresses nothing: what it is meant for is still reported, or is reported under another name one day.',
  remedy: 'Name a rule or a group as `deploy-audit rules` lists them',
  references: [],
  bad: [
    {
      title: 'a misspelt rule',
      files: {
        'nginx.conf': conf`
          server {
              listen 443 ssl;
              ssl_certificate /etc/ssl/example.org.pem;
              ssl_certificate_key /etc/ssl/example.org.key;
              # deploy-audit-ignore «tls/weak-protocl» -- terminals in the shops speak nothing newer
              ssl_protocols TLSv1.2;
          }
        `,
      },
    },
  ],
  good: [
    {
      title: 'a rule that exists',
      files: {
        'nginx.conf': conf`
          server {
              listen 443 ssl;
              ssl_certificate /etc/ssl/example.org.pem;
              ssl_certificate_key /etc/ssl/example.org.key;
              # deploy-audit-ignore tls/weak-protocol -- terminals in the shops speak nothing newer
              ssl_protocols TLSv1 TLSv1.2;
          }
        `,
      },
    },
  ],
  unproven: 'It is about a comment, which no server reads.',
  // Found where suppressions are applied (`src/engine/suppress.ts`).
  *check() {},
})
