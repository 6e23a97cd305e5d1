import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'

export default defineRule({
  summary: 'A suppression comment gives no reason, and is not applied',
  severity: 'warning',
  confidence: 'high',
  since: '0.2.0',
  why: 'Whoever reads the file later cannot tell whether the finding was judged or only silenced, and when the comment may go.',
  remedy: 'Write the reason behind the rule: `# deploy-audit-ignore RULE -- reason`',
  references: [],
  bad: [
    {
      title: 'no reason',
      files: {
        'nginx.conf': conf`
          server {
              listen 443 ssl;
              ssl_certificate /etc/ssl/example.org.pem;
              ssl_certificate_key /etc/ssl/example.org.key;
              ssl_protocols TLSv1 TLSv1.2; # deploy-audit-ignore «tls/weak-protocol»
          }
        `,
      },
    },
  ],
  good: [
    {
      title: 'with a reason',
      files: {
        'nginx.conf': conf`
          server {
              listen 443 ssl;
              ssl_certificate /etc/ssl/example.org.pem;
              ssl_certificate_key /etc/ssl/example.org.key;
              ssl_protocols TLSv1 TLSv1.2; # deploy-audit-ignore tls/weak-protocol -- old terminals until 2027
          }
        `,
      },
    },
  ],
  unproven: 'It is about a comment, which no server reads.',
  // Found where suppressions are applied (`src/engine/suppress.ts`).
  *check() {},
})
