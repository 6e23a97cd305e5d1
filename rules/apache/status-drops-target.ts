import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { everywhere } from '../../src/servers/apache/queries/htaccess.ts'
import { argumentPlace } from '../../src/servers/apache/queries/places.ts'
import { placedRules } from '../../src/servers/apache/queries/rewriting.ts'
import { rewritingDirectory, rewritingHost } from '../_rewriting-examples.ts'

export default defineRule({
  summary: 'A target beside a status that is no redirect is never sent',
  severity: 'warning',
  otherSeverities: {
    info: 'where the target is a file of the site, or is called after the status: an error page that is not shown',
  },
  confidence: 'high',
  ofLoneHtaccess: true,
  since: '0.1.0',
  why: 'With a status outside of 300 to 399, and with `[F]` and `[G]`, mod_rewrite drops the target and stops: the client gets the status and Apache’s own page for it, neither the page nor a redirect to it.',
  remedy: 'Write `-` for the target, and name the page in `ErrorDocument`; or redirect with `[R=302]`',
  references: ['https://httpd.apache.org/docs/2.4/rewrite/flags.html#flag_r'],
  bad: [
    {
      title: 'a page of another site',
      files: rewritingDirectory('RewriteRule ^recipes/1$ «https://www.example.org/gone.html» [R=410,L]'),
    },
    {
      title: 'forbidden, and where to',
      files: { 'site.conf': rewritingHost('RewriteRule ^/private «https://www.example.org/login» [F,L]') },
    },
    {
      title: 'an error page of another site',
      files: rewritingDirectory('RewriteRule ^old$ «https://www.example.org/404.html» [R=404,L]'),
    },
    {
      title: 'a page of this site',
      files: rewritingDirectory('RewriteRule ^terms$ «406.html» [R=406,L]'),
    },
  ],
  good: [
    {
      title: 'no target, and a redirect',
      files: rewritingDirectory(conf`
        ErrorDocument 410 https://www.example.org/gone.html
        RewriteRule ^recipes/1$ - [R=410,L]
        RewriteRule ^recipes/2$ https://www.example.org/gone.html [R=302,L]
        RewriteRule ^private - [F]
        RewriteRule ^secret ^ [F]
      `),
    },
    {
      title: 'the page of the status',
      files: {
        'site.conf': rewritingHost(conf`
          ErrorDocument 503 /system/maintenance.html
          RewriteCond %{REQUEST_URI} !^/system/maintenance\.html$
          RewriteRule ^ /system/maintenance.html [R=503,L]
        `),
      },
    },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      const files = filesOf(configuration)
      const pages = new Set(
        everywhere(configuration, files, 'errordocument').map(({ args }) => Number(args[0]?.value)),
      )
      for (const { directive, output, isRefusal, status, settled } of placedRules(configuration, files)) {
        // People write `.`, `/` or `index.php` for no target at all.
        if (!isRefusal || !settled || !/^(?:https?:\/\/|\/?[\w./-]*\w\.(?:html?|php|txt)$)/i.test(output))
          continue
        const isUrl = /^https?:/i.test(output)
        // The page of the status is shown all the same. A rule that forbids means nothing else.
        if (pages.has(status)) continue
        if (!isUrl && status === 403) continue
        yield {
          at: argumentPlace(directive, 1),
          message: `the status ${status} is no redirect, so \`${output}\` is never sent`,
          severity: isUrl && !output.includes(String(status)) ? 'warning' : 'info',
        }
      }
    }
  },
})
