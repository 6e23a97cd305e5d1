import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'

export default defineRule({
  summary: 'A suppression comment where nothing is found any more',
  severity: 'info',
  confidence: 'high',
  since: '0.2.0',
  why: 'What it was written for is gone, or stands at another line: the comment would hide the next fault of its kind.',
  remedy: 'Remove the comment, or move it to the directive that it is about',
  references: [],
  bad: [
    {
      title: 'a directive that was mended',
      files: {
        'nginx.conf': conf`
          server {
              listen 443 ssl;
              ssl_certificate /etc/ssl/example.org.pem;
              ssl_certificate_key /etc/ssl/example.org.key;
              # deploy-audit-ignore «tls/weak-protocol» -- terminals in the shops speak nothing newer
              ssl_protocols TLSv1.2 TLSv1.3;
          }
        `,
      },
    },
  ],
  good: [
    {
      title: 'a directive that is still reported without it',
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
