import { conf } from '../../src/engine/conf.ts'
import { askHost, urlOfDirectory } from '../../src/deployment/requests/ask-host.ts'
import { hostsHolding } from '../../src/deployment/requests/hosts-holding.ts'
import { MISSING } from '../../src/deployment/requests/made-up-requests.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { htaccessFilesOf } from '../../src/servers/apache/queries/htaccess.ts'
import { namePlace } from '../../src/servers/apache/queries/places.ts'
import { rewritingDirectory } from '../_rewriting-examples.ts'

export default defineRule({
  summary: 'mod_rewrite is not permitted where symbolic links are not followed',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'In a directory mod_rewrite works only with `Options FollowSymLinks` or `SymLinksIfOwnerMatch`. Without either every request is 403: `AH00670: Options FollowSymLinks and SymLinksIfOwnerMatch are both off`.',
  remedy: 'Write `Options +FollowSymLinks`',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_rewrite.html#rewriterule'],
  bad: [
    {
      title: 'switched off beside the rules',
      files: rewritingDirectory(conf`
        «Options» -FollowSymLinks
        RewriteRule ^old$ /new [R=301,L]
      `),
    },
  ],
  good: [
    {
      title: 'permitted',
      files: rewritingDirectory(conf`
        Options -Indexes +SymLinksIfOwnerMatch
        RewriteRule ^old$ /new [R=301,L]
      `),
    },
  ],
  *check(deployment) {
    for (const asked of hostsHolding(deployment, ['rewriterule'])) {
      const { configuration, host } = asked
      const htaccess = htaccessFilesOf(configuration, deployment.filesOf(configuration), host)
      const directories = [
        '/',
        ...htaccess
          .filter(({ file }) => file.occurrences.has('rewriterule'))
          .map(({ directory }) => urlOfDirectory(asked, directory)),
      ]
      for (const url of new Set(directories)) {
        if (url === null) continue
        const { end } = askHost(deployment, asked, `${url}${MISSING}`)
        if (
          end.kind !== 'response' ||
          end.status !== 403 ||
          !/^`Options` without/.test(end.reason) ||
          end.at === null
        )
          continue
        yield {
          at: end.at,
          message: `without \`FollowSymLinks\` mod_rewrite answers 403 below \`${url}\``,
          related: htaccess
            .filter(({ directory }) => urlOfDirectory(asked, directory) === url)
            .flatMap(({ file }) => (file.occurrences.get('rewriteengine') ?? []).slice(0, 1))
            .map(line => ({ at: namePlace(line), message: 'rewrites here' })),
        }
      }
    }
  },
})
