import { askedHosts, askHost } from '../../src/deployment/requests/ask-host.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { directivesIn } from '../../src/servers/apache/queries/directives-in.ts'
import { placedRule } from '../../src/servers/apache/queries/rewriting.ts'
import { argumentPlace, isSettled, namePlace } from '../../src/servers/apache/queries/places.ts'
import type { ApacheStep } from '../../src/servers/apache/requests/outcome.ts'
import { rewritingDirectory, rewritingHost } from '../_rewriting-examples.ts'
import { REDIRECTS, redirectWords } from './_redirects.ts'

export default defineRule({
  summary: 'A Redirect whose path a rewriting rule takes',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'In a virtual host mod_rewrite is asked before mod_alias, wherever the lines stand. A rule that rewrites every path to a page or to a backend leaves nothing to `Redirect`: the client gets the page, and the redirect never happens.',
  remedy:
    'Except the path by a condition (`RewriteCond %{REQUEST_URI} !^/old`), or redirect by a `RewriteRule` above the other one',
  references: [
    'https://httpd.apache.org/docs/2.4/mod/mod_alias.html#order',
    'https://httpd.apache.org/docs/2.4/rewrite/avoid.html',
  ],
  bad: [
    {
      title: 'every path is a page of the application in the browser',
      files: {
        'site.conf': rewritingHost(conf`
          «Redirect» /old https://www.example.org/new
          RewriteCond %{REQUEST_URI} !\.(html|css|js)$
          RewriteRule (.*) /index.html [L]
        `),
      },
    },
    {
      title: 'the condition excepts what lies below the path, and not the path',
      files: {
        'link.conf': conf`
          ServerName https://link.example.org
          RewriteEngine on
          RewriteCond %{REQUEST_URI} !\.html$
          RewriteCond %{REQUEST_URI} !^/api/
          RewriteCond %{REQUEST_URI} !^/orcid/
          RewriteRule (.*) /index.html [L]
          «Redirect» /orcid https://link.example.org/api/information.html
        `,
      },
    },
    {
      title: 'every path goes to a backend',
      files: {
        'site.conf': rewritingHost(conf`
          RewriteRule ^/(.*)$ http://127.0.0.1:8080/$1 [P,L]
          «Redirect» permanent /feed /news.xml
        `),
      },
    },
  ],
  good: [
    {
      title: 'the path is left out',
      files: {
        'site.conf': rewritingHost(conf`
          Redirect /old https://www.example.org/new
          RewriteCond %{REQUEST_URI} !\.(html|css|js)$
          RewriteCond %{REQUEST_URI} !^/old
          RewriteRule (.*) /index.html [L]
        `),
      },
    },
    {
      title: 'a rule that redirects, one that changes nothing, and one for other paths',
      files: {
        'site.conf': rewritingHost(conf`
          Redirect /old https://www.example.org/new
          RewriteRule ^/old$ https://www.example.org/new [R=301,L]
          Redirect /feed /news.xml
          RewriteRule ^ - [E=HOST:%{HTTP_HOST}]
          RewriteRule ^/page/(.*)$ /index.html [L]
        `),
      },
    },
    {
      title: 'the rules of a directory, which come later',
      files: {
        ...rewritingDirectory(conf`
          RewriteCond %{REQUEST_FILENAME} !-f
          RewriteRule ^ index.php [L]
        `),
        'site.conf': conf`
          <VirtualHost *:80>
              ServerName example.com
              DocumentRoot /srv/shop
              Redirect /old https://www.example.org/new
              <Directory /srv/shop>
                  RewriteEngine On
                  RewriteRule ^ index.html [L]
              </Directory>
          </VirtualHost>
        `,
      },
    },
    {
      title: 'a condition that nobody can tell',
      files: {
        'site.conf': rewritingHost(conf`
          Redirect /old https://www.example.org/new
          RewriteCond %{HTTP_COOKIE} preview
          RewriteRule (.*) /preview.html [L]
        `),
      },
    },
  ],
  *check(deployment) {
    for (const asked of askedHosts(deployment)) {
      const { configuration, host } = asked
      if (!configuration.occurrences.has('rewriterule')) continue
      const lines = REDIRECTS.flatMap(name => directivesIn(configuration, host?.directive ?? null, name))
      for (const line of lines) {
        const words = redirectWords(line)
        const path = words === null ? undefined : line.args[words.path]?.value
        if (words === null || path === undefined || !path.startsWith('/') || !isSettled(path)) continue
        const { end, steps } = askHost(deployment, asked, path)
        // Who is redirected meets another line on purpose.
        if (end.kind === 'response' && end.location !== null) continue
        const taken = steps.find(takes)
        if (steps.some(step => step.kind === 'redirect' || isDoubtBefore(steps, step, taken))) continue
        const rule = taken?.directive ?? null
        if (rule === null) continue
        const placed = placedRule(configuration, deployment.filesOf(configuration), rule)
        if (placed?.context !== 'server' || placed.keepsUri || !placed.settled) continue
        yield {
          at: namePlace(line),
          message: `\`RewriteRule ${placed.pattern}\` is asked first and takes \`${path}\`, so this does nothing`,
          related: [{ at: argumentPlace(rule, 0), message: 'takes the path' }],
        }
      }
    }
  },
})

function takes({ kind, directive }: ApacheStep): boolean {
  return kind === 'rewrite' && directive?.name === 'RewriteRule'
}

/** What is in doubt behind the rule, such as who may have the page, changes nothing for the redirect. */
function isDoubtBefore(
  steps: readonly ApacheStep[],
  step: ApacheStep,
  taken: ApacheStep | undefined,
): boolean {
  return step.kind === 'doubt' && (taken === undefined || steps.indexOf(step) < steps.indexOf(taken))
}
