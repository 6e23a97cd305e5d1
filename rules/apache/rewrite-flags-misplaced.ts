import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { everywhere } from '../../src/servers/apache/queries/htaccess.ts'
import { argumentPlace } from '../../src/servers/apache/queries/places.ts'
import { rewritingDirectory, rewritingHost } from '../_rewriting-examples.ts'

export default defineRule({
  summary: 'Flags of mod_rewrite stand where the pattern or the target is meant',
  severity: 'error',
  confidence: 'high',
  ofLoneHtaccess: true,
  since: '0.1.0',
  why: 'mod_rewrite takes its arguments by their order. Without a blank in front of the pattern `[NC]` is the pattern, one of the letters `N` and `C`; without `-` or a target `[F]` is the name of a file, and without a blank behind the target a part of one. Apache starts, and the rule does something else.',
  remedy:
    'Write `RewriteCond TEST PATTERN [FLAGS]` and `RewriteRule PATTERN TARGET [FLAGS]`, with `-` for no target',
  references: [
    'https://httpd.apache.org/docs/2.4/mod/mod_rewrite.html#rewritecond',
    'https://httpd.apache.org/docs/2.4/mod/mod_rewrite.html#rewriterule',
  ],
  bad: [
    {
      title: 'a condition without a blank in front of its pattern',
      files: {
        'site.conf': rewritingHost(conf`
          RewriteCond %{HTTP_HOST}^old\.example\.org$ «[NC]»
          RewriteRule ^(.*)$ https://example.org$1 [R=301,L]
        `),
      },
    },
    {
      title: 'a rule without a target',
      files: {
        ...rewritingDirectory('RewriteRule ^private/ «[F,L]»'),
        'srv/www/private/page.html': 'page',
      },
    },
    {
      title: 'no blank in front of the flags',
      files: {
        ...rewritingDirectory('RewriteRule ^shop$ «shop.html[L]»'),
        'srv/www/shop.html': 'page',
      },
    },
    {
      title: 'the same behind what an installer fills in',
      files: {
        '.htaccess': conf`
          RewriteEngine On
          RewriteBase {{base}}
          RewriteRule ^(?:system|themes)(?:$|/) «{{index}}[L,QSA]»
        `,
      },
    },
  ],
  good: [
    {
      title: 'every argument',
      files: {
        'site.conf': rewritingHost(conf`
          RewriteCond %{HTTP_HOST} ^old\.example\.org$ [NC]
          RewriteRule ^(.*)$ https://example.org$1 [R=301,L]
          RewriteRule ^/private/ - [F]
        `),
      },
    },
    {
      title: 'one of some letters as the pattern',
      files: {
        'site.conf': rewritingHost(conf`
          RewriteCond %{QUERY_STRING} [A-Z]
          RewriteRule ^/(.*)$ /upper.html [L]
          RewriteCond %{QUERY_STRING} [L]
          RewriteRule ^/page$ /[page] [L]
          RewriteRule ^/list$ /list.php?fields[F]=1 [L]
          RewriteRule ^/a$ /album[1] [L]
          RewriteRule ^/b$ /album[1]
        `),
      },
    },
    {
      title: 'a blank in front of the flags',
      files: {
        ...rewritingDirectory('RewriteRule ^shop$ shop.html [L]'),
        'srv/www/shop.html': 'page',
      },
    },
    {
      title: 'a rule that forbids a directory',
      files: {
        ...rewritingDirectory('RewriteRule ^private/ - [F,L]'),
        'srv/www/private/page.html': 'page',
      },
    },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      const files = filesOf(configuration)
      for (const line of everywhere(configuration, files, 'rewritecond')) {
        const flags = line.args[1]?.value ?? ''
        if (line.args.length !== 2 || !OF_CONDITION.test(flags)) continue
        yield {
          at: argumentPlace(line, 1),
          message: `\`${flags}\` is the pattern here, one of these letters, and \`${line.args[0]?.value}\` is what it is compared with`,
          label: 'no pattern stands before it',
        }
      }
      for (const line of everywhere(configuration, files, 'rewriterule')) {
        const { 0: flags, index = 0 } = OF_RULE.exec(line.args[1]?.value ?? '') ?? {}
        if (line.args.length !== 2 || flags === undefined) continue
        yield {
          at: argumentPlace(line, 1),
          ...(index === 0
            ? {
                message: `\`${flags}\` is the target here, the name of a file, and the rule has no flags`,
                label: 'no target stands before it',
                help: `Write \`- ${flags}\` where the path is to stay as it is`,
              }
            : {
                message: `\`${flags}\` is the end of the target here, part of a name, and the rule has no flags`,
                label: 'no blank in front of the flags',
              }),
        }
      }
    }
  },
})

const OF_CONDITION = /^\[(?:NC|OR|NV|nocase|ornext|novary)(?:,(?:NC|OR|NV|nocase|ornext|novary))*\]$/i
const OF_RULE =
  /\[(?:(?:L|F|G|P|PT|NC|NE|NS|QSA|QSD|END|R(?:=\w+)?|[CES]=?[^\]]*|last|forbidden|gone|proxy)(?:,|(?=\])))+\]$/
