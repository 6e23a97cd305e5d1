import { askHost } from '../../src/deployment/requests/ask-host.ts'
import { hostsHolding } from '../../src/deployment/requests/hosts-holding.ts'
import { EXISTING, PATHS } from '../../src/deployment/requests/made-up-requests.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { namePlace } from '../../src/servers/apache/queries/places.ts'
import { isDenied } from '../../src/servers/apache/requests/access.ts'
import { rewritingDirectory } from '../_rewriting-examples.ts'
import { leadingLine } from './_front-controller.ts'

const FRONT_CONTROLLER = conf`
  RewriteCond %{REQUEST_FILENAME} !-f
  RewriteRule ^ index.php [L]
`
const site = (lines: string): Record<string, string> => ({
  ...rewritingDirectory(conf`
    ${FRONT_CONTROLLER}
    ${lines}
  `),
  'srv/www/index.php': '<?php echo "a page";\n',
})

export default defineRule({
  summary: 'A section that denies scripts also denies the one that answers every page',
  severity: 'error',
  confidence: 'high',
  ofLoneHtaccess: true,
  since: '0.1.0',
  why: 'A section for files holds for what a rewriting leads to as well: a `<Files "*.php">` that was to close other scripts, or came from a directory of uploads, denies `index.php`, and every page of the application is 403.',
  remedy:
    'Put the section into the directory whose scripts it is to close, or grant the script itself behind it: `<Files "index.php">` with `Require all granted`',
  references: ['https://httpd.apache.org/docs/2.4/sections.html#merging'],
  bad: [
    {
      title: 'all scripts, in a .htaccess',
      files: site(conf`
        <Files "*.php">
            «Require all denied»
        </Files>
      `),
    },
    {
      title: 'in a .htaccess whose server is not seen, in the words of 2.2',
      files: {
        '.htaccess': conf`
          <FilesMatch "\.(php|inc)$">
              «Order» allow,deny
              Deny from all
          </FilesMatch>
          RewriteEngine On
          ${FRONT_CONTROLLER}
        `,
        'index.php': '<?php\n',
      },
    },
  ],
  good: [
    {
      title: 'other files, and the script granted behind it',
      files: site(conf`
        <FilesMatch "\.(inc|ini|log)$">
            Require all denied
        </FilesMatch>
        <Files "*.php">
            Require all denied
        </Files>
        <Files "index.php">
            Require all granted
        </Files>
      `),
    },
    {
      title: 'a whole site that is closed, or open to some',
      files: site(conf`
        Require all denied
        <Files "*.php">
            Require ip 192.0.2.0/24
        </Files>
      `),
    },
    {
      title: 'a directory of uploads, of which no rule makes scripts',
      files: {
        ...rewritingDirectory(FRONT_CONTROLLER),
        'srv/www/index.php': '<?php echo "a page";\n',
        'srv/www/uploads/.htaccess': conf`
          <Files "*.php">
              Require all denied
          </Files>
        `,
      },
    },
  ],
  *check(deployment) {
    for (const asked of hostsHolding(deployment, ['files', 'filesmatch'])) {
      // Without a client it is every client who is denied.
      const ask = (path: string) => askHost(deployment, asked, path, { client: null })
      const { steps, end } = ask(PATHS.missingPage)
      const line = leadingLine(steps)
      if (line === null || end.at === null || !isDenied(end)) continue
      // Whoever closes all of a site means it.
      if (isDenied(ask(`/${EXISTING}.css`).end)) continue
      yield {
        at: end.at,
        message: 'this holds for the script that answers every page, too, so that all of them are 403',
        label: 'denied',
        related: [{ at: namePlace(line), message: 'leads to the script' }],
      }
    }
  },
})
