import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { rules } from '../../rules/index.generated.ts'
import { conf } from '../../src/engine/conf.ts'
import { auditFiles } from './audit-files.ts'

/** The servers of the live tests have no module of RTMP, so that this is no example of the rule. */
test('`allow publish all` of RTMP names everybody, as it says', () => {
  const report = auditFiles(
    {
      'etc/nginx/nginx.conf': conf`
        events {
        }
        rtmp {
            server {
                listen 1935;
                application live {
                    live on;
                    allow publish all;
                    allow play all;
                }
            }
        }
      `,
    },
    rules.filter(({ id }) => id === 'access/allow-without-deny'),
  )
  assert.equal(report.findings, [])
})

test.run()
