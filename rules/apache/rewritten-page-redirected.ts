import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { askHost, originOf } from '../../src/deployment/requests/ask-host.ts'
import { hostsHolding } from '../../src/deployment/requests/hosts-holding.ts'
import { MISSING, PATHS } from '../../src/deployment/requests/made-up-requests.ts'
import { lastLine } from '../../src/deployment/requests/last-line.ts'
import type { ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { argumentPlace, namePlace } from '../../src/servers/apache/queries/places.ts'
import type { ApacheOutcome } from '../../src/servers/apache/requests/outcome.ts'
import { fromBytes } from '../../src/servers/regex.ts'
import { rewritingDirectory } from '../_rewriting-examples.ts'

const FRONT_CONTROLLER = conf`
  RewriteCond %{REQUEST_FILENAME} !-f
  RewriteCond %{REQUEST_FILENAME} !-d
  RewriteRule . /index.php [L]
`

export default defineRule({
  summary: 'A redirect takes the page that another rule rewrites to',
  severity: 'error',
  confidence: 'high',
  ofLoneHtaccess: true,
  since: '0.1.0',
  why: 'In `.htaccess` and `<Directory>` the rules are read again for what they made of a URL. A redirect of `/index.php` is meant for links to it, and takes what a front controller has rewritten to it as well: every page is redirected to the start page.',
  remedy:
    'Ask for the line that the client sent: `RewriteCond %{THE_REQUEST} \\s/index\\.php`, or end the rules of the front controller with `[END]`',
  references: ['https://httpd.apache.org/docs/2.4/rewrite/flags.html#flag_end'],
  bad: [
    {
      title: 'index.php is taken out of URLs',
      files: {
        ...rewritingDirectory(conf`
          RewriteRule ^index\.php$ «/» [R=301,L]
          ${FRONT_CONTROLLER}
        `),
        'srv/www/index.php': '<?php echo $_SERVER["REQUEST_URI"];',
      },
    },
    {
      title: 'in a .htaccess without the server that reads it, with the path in the query',
      files: {
        '.htaccess': conf`
          RewriteEngine On
          RewriteRule ^app\.php$ «https://www.example.org/» [R=301,L]
          RewriteCond %{REQUEST_FILENAME} !-f
          RewriteRule ^(.*)$ app.php?path=$1 [L,QSA]
        `,
        'app.php': '<?php echo $_GET["path"];',
      },
    },
    {
      title: 'a page of its own, to the start page',
      files: {
        ...rewritingDirectory(conf`
          RewriteRule ^start\.html$ «/» [R=302,L]
          RewriteCond %{REQUEST_URI} !^/start\.html
          RewriteRule ^ /start.html [L]
        `),
        'srv/www/start.html': 'start page',
      },
    },
  ],
  good: [
    {
      title: 'what the client sent is asked for',
      files: {
        ...rewritingDirectory(conf`
          RewriteCond %{THE_REQUEST} \s/index\.php
          RewriteRule ^index\.php$ / [R=301,L]
          ${FRONT_CONTROLLER}
        `),
        'srv/www/index.php': '<?php echo $_SERVER["REQUEST_URI"];',
      },
    },
    {
      title: 'a front controller that ends the rules, and what was not rewritten yet',
      files: {
        ...rewritingDirectory(conf`
          RewriteRule ^index\.php$ / [R=301,L]
          RewriteCond %{REQUEST_FILENAME} !-f
          RewriteRule . /index.php [END]
        `),
        'srv/www/index.php': '<?php echo $_SERVER["REQUEST_URI"];',
      },
    },
    {
      title: 'the first request alone, as the variable of an internal redirect says',
      files: {
        ...rewritingDirectory(conf`
          RewriteCond %{ENV:REDIRECT_STATUS} ^$
          RewriteRule ^index\.php$ / [R=301,L]
          ${FRONT_CONTROLLER}
        `),
        'srv/www/index.php': '<?php echo $_SERVER["REQUEST_URI"];',
      },
    },
  ],
  *check(deployment) {
    for (const asked of hostsHolding(deployment, ['rewriterule'])) {
      const { scheme, shown } = originOf(asked)
      // Most sites redirect one of the two to the other.
      for (const question of [{}, { scheme: 'https' }] as const) {
        if ('scheme' in question && scheme === 'https') continue
        const outcome = askHost(deployment, asked, PATHS.missingPage, question)
        const found = redirectOfRewritten(outcome)
        if (found === null) continue
        const { maker, taker, location } = found
        const path = location.replace(/^https?:\/\/[^/]*/, '') || '/'
        yield {
          at: argumentPlace(taker, 1),
          message: `\`${maker.name} ${maker.args[0]?.value ?? ''}\` makes \`${(maker.args[1]?.value ?? '').replace(/\?.*$/s, '')}\` of a page, and this redirects that to \`${path.replace(MISSING, 'page')}\``,
          label: 'takes what was rewritten as well',
          related: [{ at: namePlace(maker), message: 'rewrites to it' }],
          cause: `${shown} ${taker.source.path} ${taker.nameStart}`,
        }
        break
      }
    }
  },
})

interface Taken {
  readonly maker: ApacheDirective
  readonly taker: ApacheDirective
  readonly location: string
}

/** A page that a rule rewrote inside of Apache, and that the rules then redirected away from its own URL. */
function redirectOfRewritten({ steps, end }: ApacheOutcome): Taken | null {
  if (end.kind !== 'response' || end.location === null || end.status < 300 || end.status > 399) return null
  const inside = steps.findIndex(({ kind }) => kind === 'internal-redirect')
  const maker = lastLine(steps.slice(0, inside), 'rewrite')
  const taker = lastLine(steps.slice(inside), 'rewrite')
  if (inside === -1 || !maker || !taker || maker === taker || taker.name !== 'RewriteRule') return null
  const location = fromBytes(end.location)
  // A page that keeps its own path is redirected to another host or scheme.
  return location.replace(/\?.*$/s, '').includes(MISSING) ? null : { maker, taker, location }
}
