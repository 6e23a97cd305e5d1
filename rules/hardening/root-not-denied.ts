import { CLIENT } from '../../src/deployment/requests/made-up-requests.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { effectiveAccess } from '../../src/servers/apache/queries/effective-access.ts'
import { overridesFor } from '../../src/servers/apache/queries/overrides.ts'
import { sectionsFor } from '../../src/servers/apache/queries/sections-for.ts'
import { fileHost } from './_examples.ts'
import { mainPlace } from './_servers.ts'

const root = (lines: string): string => conf`
  <Directory />
      ${lines}
  </Directory>
`

export default defineRule({
  summary: 'Apache may serve files from anywhere in the file system',
  severity: 'info',
  confidence: 'high',
  since: '0.1.0',
  why: 'An `Alias`, a link or a rewriting rule that leads out of the document root shows whatever lies there. Where `<Directory />` denies, only directories that are granted by name are served.',
  remedy:
    'Write `<Directory />` with `AllowOverride None` and `Require all denied`, and grant the document roots',
  controls: ['CIS Apache 4.1', 'CIS Apache 4.3'],
  references: ['https://httpd.apache.org/docs/2.4/misc/security_tips.html#protectserverfiles'],
  bad: [
    {
      title: 'nothing is said',
      files: { 'etc/apache2/apache2.conf': fileHost('').replace('Listen', '«Listen»') },
    },
    {
      title: 'denied, but with `.htaccess` files',
      files: {
        'etc/apache2/apache2.conf': fileHost(
          '',
          root(['AllowOverride «All»', 'Require all denied'].join('\n')),
        ),
      },
    },
  ],
  good: [
    {
      title: 'denied',
      files: {
        'etc/apache2/apache2.conf': fileHost(
          '',
          root(['AllowOverride None', 'Require all denied'].join('\n')),
        ),
      },
    },
  ],
  *check(deployment) {
    for (const configuration of deployment.apache) {
      const start = mainPlace(configuration)
      if (configuration.main === null || start === null) continue
      const levels = sectionsFor(configuration, null, { uri: '/', file: '/', directory: true })
      const client = { method: 'GET', authenticated: false, address: CLIENT }
      const access = effectiveAccess(configuration, levels, client)
      // Of one that grants, `access/file-system-granted` speaks.
      const isGranted = levels.some(({ section }) => section?.children.some(isRequire))
      if (access.allowed === true && !isGranted)
        yield {
          at: start,
          aspect: 'access',
          message: 'no `<Directory />` denies what no other section grants',
        }
      const overrides = overridesFor(configuration, levels)
      if (overrides.known && overrides.value.classes.size > 0 && overrides.value.at !== null)
        yield {
          at: overrides.value.at,
          aspect: 'override',
          message:
            '`AllowOverride` of `<Directory />` lets `.htaccess` files anywhere change the configuration',
        }
    }
  },
})

function isRequire({ name }: { readonly name: string }): boolean {
  return name === 'Require'
}
