import { posix } from 'node:path'
import { isBelow } from '../../parsers/text/is-below.ts'
import { cleanPath } from '../../parsers/text/clean-path.ts'
import type { Place, Source } from '../../parsers/text/source.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { type NestedCopy, nestedCopies } from '../../src/deployment/setups/nested-copies.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { sourceAt } from '../../src/files/file-system.ts'
import type { ApacheDirective } from '../../src/servers/apache/configuration.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { locationsOf, PASSES } from '../../src/servers/nginx/queries/locations.ts'
import { childrenNamed } from '../../src/servers/nginx/queries/scope.ts'
import { pathsOfApache, pathsOfNginx } from './_served-paths.ts'

const site = (lines = 'try_files $uri /index.html;', root = '/var/www/board'): Record<string, string> => ({
  'deploy/nginx/board.conf': conf`
    server {
        listen 80;
        server_name board.example.org;
        root ${root};
        location /api/ {
            proxy_pass http://127.0.0.1:8000;
        }
        location / {
            ${lines}
        }
    }
  `,
})
const APACHE = {
  'deploy/apache/board.conf': conf`
    <VirtualHost *:80>
        ServerName board.example.org
        DocumentRoot /var/www/board
        <Directory /var/www/board>
            Require all granted
            FallbackResource /index.html
        </Directory>
    </VirtualHost>
  `,
}
const job = (steps: string): Record<string, string> => ({
  '.github/workflows/deploy.yml': conf`
    on: push
    jobs:
      deploy:
        runs-on: ubuntu-latest
        steps:
          - uses: actions/checkout@v4
          - run: npm ci && npm run build
          ${steps}
  `,
})
const action = (source: string, more = '', target = '/var/www/board'): Record<string, string> =>
  job(conf`
    - uses: appleboy/scp-action@v0.1.7
      with:
        host: \${{ secrets.HOST }}
        username: deploy
        key: \${{ secrets.KEY }}
        source: ${source}
        target: ${target}
        ${more}
  `)
const run = (command: string): Record<string, string> => job(`- run: ${command}`)
const TO = 'deploy@board.example.org:/var/www/board'

export default defineRule({
  summary: 'A deploy copies the directory into the document root, instead of what is in it',
  severity: 'warning',
  confidence: 'medium',
  since: '0.1.0',
  why: '`appleboy/scp-action` keeps the path of its `source`, `rsync` without a slash behind the source and `scp -r` to a directory that is there copy the directory itself. So the pages lie in `/var/www/board/dist`, the job is green, and nginx answers 403, 404, 500 (`rewrite or internal redirection cycle`) or the pages of an earlier deploy.',
  remedy:
    'Copy what is in the directory: `strip_components: 1` of scp-action, `rsync -a dist/ …`, `scp -r dist/. …`; or let the server look where the files come to',
  references: [
    'https://github.com/appleboy/scp-action#input-variables',
    'https://download.samba.org/pub/rsync/rsync.1#USAGE',
  ],
  unproven: 'No request shows it: what a deploy copies to a server, the live tests do not run',
  bad: [
    { title: 'scp-action', files: { ...site(), ...action('"«dist/*»"') } },
    { title: 'scp-action, and Apache', files: { ...APACHE, ...action('«./build/»') } },
    { title: 'rsync', files: { ...site(), ...run(`rsync -az --delete «dist» ${TO}/`) } },
    {
      title: 'rsync with a key, and a host that is a secret',
      files: {
        ...site(),
        ...run(`rsync -avz -e "ssh -i key" «frontend/dist» deploy@\${{ secrets.HOST }}:/var/www/board`),
      },
    },
    {
      title: 'scp, in a script',
      files: { ...APACHE, 'deploy.sh': `npm run build\nscp -r «build/» ${TO}\n` },
    },
  ],
  good: [
    {
      title: 'scp-action that strips the directory',
      files: { ...site(), ...action('"dist/*"', 'strip_components: 1') },
    },
    { title: 'scp-action of the whole checkout', files: { ...site(), ...action('"."') } },
    {
      title: 'a page beside what was built',
      files: { ...site(), ...action('"index.html,dist/*"') },
    },
    {
      title: 'a server that looks there',
      files: { ...site(undefined, '/var/www/board/dist'), ...action('dist') },
    },
    {
      title: 'a server that looks there for one URL',
      files: { ...site('try_files $uri /dist/index.html;'), ...action('dist') },
    },
    {
      title: 'a directory above',
      files: { ...site(undefined, '/var/www/dist'), ...action('dist', '', '/var/www') },
    },
    {
      title: 'pages of an application',
      files: { ...site('proxy_pass http://127.0.0.1:8000;'), ...action('dist') },
    },
    { title: 'rsync of what is in it', files: { ...site(), ...run(`rsync -az --delete dist/ ${TO}/`) } },
    { title: 'scp of what is in it', files: { ...site(), ...run(`scp -r dist/* ${TO}`) } },
    { title: 'one part of the pages', files: { ...site(), ...run(`rsync -az images ${TO}/`) } },
    {
      title: 'another step that moves the files',
      files: {
        ...site(),
        ...job(conf`
          - run: scp -r dist ${TO}
          - run: ssh deploy@board.example.org "cd /var/www/board && mv dist/* ."
        `),
      },
    },
    {
      title: 'scp to a directory that is removed before',
      files: {
        ...site(),
        ...job(conf`
          - run: ssh deploy@board.example.org "rm -rf /var/www/board"
          - run: scp -r dist ${TO}
        `),
      },
    },
    {
      title: 'a page above that asks for what is built',
      files: {
        ...site(),
        ...action('dist'),
        'index.html': '<script src="dist/main.js"></script>\n',
      },
    },
    {
      title: 'pages that lie beside it',
      files: {
        ...site(),
        ...job(conf`
          - run: rsync -az dist ${TO}/
          - run: rsync -az public/ ${TO}/
        `),
      },
    },
  ],
  *check(deployment) {
    const texts = deployment.setups() ?? []
    const copies = texts.flatMap(nestedCopies).filter(({ name }) => BUILT.test(name))
    if (copies.length === 0) return
    const roots = pageRoots(deployment)
    for (const copy of copies) {
      const root = roots.find(({ path }) => path === copy.target)
      const arrives = `${copy.target}/${copy.name}`
      if (root === undefined || isServed(deployment, arrives) || speaksOf(root.source, copy.name)) continue
      if (texts.some(source => mayChange(source, copy)) || hasPageAbove(deployment, copy)) continue
      yield {
        at: copy.at,
        message: `${SAID[copy.by](copy.name)}: the files come to \`${arrives}\`, and \`${copy.target}\` is served`,
        label: `comes to \`${arrives}\``,
        related: [{ at: root.at, message: 'served from here' }],
        help: HELP[copy.by](copy.name),
      }
    }
  },
})

/** What a build writes: the whole site, with its first page. */
const BUILT = /^(?:dist|build|out|_site|www|public_html|html)$/

const SAID: Readonly<Record<NestedCopy['by'], (name: string) => string>> = {
  'scp-action': name => `\`scp-action\` keeps the directory \`${name}\``,
  rsync: name => `\`rsync\` copies the directory \`${name}\` itself, as no slash ends its name`,
  scp: name => `\`scp -r\` copies the directory \`${name}\` itself where the target is there already`,
}
const HELP: Readonly<Record<NestedCopy['by'], (name: string) => string>> = {
  'scp-action': () => 'Add `strip_components: 1`',
  rsync: name => `Write \`${name}/\``,
  scp: name => `Write \`${name}/.\``,
}

interface PageRoot {
  readonly path: string
  readonly at: Place
  readonly source: Source
}

/** The directories of which a machine of its own serves `/` as files. */
function pageRoots(deployment: Deployment): readonly PageRoot[] {
  const isHost = (configuration: Parameters<Deployment['programOf']>[0]): boolean =>
    deployment.programOf(configuration).machine.container === null
  return [
    ...deployment.nginx
      .filter(isHost)
      .flatMap(({ occurrences }) => (occurrences.get('root') ?? []).filter(servesPages).map(rootOf)),
    ...deployment.apache
      .filter(isHost)
      .flatMap(({ occurrences }) => (occurrences.get('documentroot') ?? []).filter(isPlainHost).map(rootOf)),
  ]
}

const rootOf = (line: NginxDirective | ApacheDirective): PageRoot => ({
  path: cleanPath(line.args[0]?.value ?? ''),
  at: argumentPlace(line, 0),
  source: line.source,
})

function servesPages({ parent }: NginxDirective): boolean {
  const server = parent?.name === 'location' && parent.args[0]?.value === '/' ? parent.parent : parent
  if (server?.name !== 'server') return false
  const locations = locationsOf(server)
  if (locations.some(each => childrenNamed(each, 'fastcgi_pass').length > 0)) return false
  return locations
    .filter(({ args }) => args.at(-1)?.value === '/')
    .every(each =>
      [...PASSES, 'return', 'rewrite', 'root', 'alias'].every(name =>
        childrenNamed(each, name).every(line => name === 'root' && parent === each && line.parent === parent),
      ),
    )
}

const ANSWERS = /^(?:wsgiscriptalias|proxypassmatch|sethandler|addhandler|redirect)/

function isPlainHost({ parent }: ApacheDirective): boolean {
  if (parent === null) return false
  return parent.children.every(({ name, args }) => {
    const word = name.toLowerCase()
    return !ANSWERS.test(word) && word !== 'filesmatch' && !(word === 'proxypass' && args[0]?.value === '/')
  })
}

function isServed({ nginx, apache }: Deployment, directory: string): boolean {
  const paths = [
    ...nginx.flatMap(each => [...pathsOfNginx(each)]),
    ...apache.flatMap(each => [...pathsOfApache(each)]),
  ]
  return paths.some(({ path }) => isBelow(path, directory))
}

const speaksOf = ({ text }: Source, name: string): boolean => new RegExp(`/${name}\\b`).test(text)

/** True where the first page of the checkout lies above, and asks for files of what is built. */
function hasPageAbove({ machines }: Deployment, { source, name }: NestedCopy): boolean {
  const home = posix.dirname(source.path.replace(/(?:^|\/)\.(?:github|gitlab)\/.*/, '/x'))
  return machines.some(({ files, loose, beside }) =>
    [files, loose?.files, beside?.files].some(each => {
      const page = each === undefined ? null : sourceAt(each, posix.resolve('/', home, 'index.html'))
      return page !== null && new RegExp(`\\b${name}/`).test(page.text)
    }),
  )
}

/** What looks at a directory, or gives it to somebody. */
const LEAVES = /\b(?:mkdir|chown|chmod|setfacl|ls|root|DocumentRoot)\b[^\n;&|]*|<Directory[^\n]*/g

/** True for a text that may bring other files to the target, or move those that were copied. */
function mayChange(source: Source, copy: NestedCopy): boolean {
  const { text } = source
  const moves = new RegExp(`\\b(?:mv|cp|ln|tar|unzip)\\b[^\\n]*\\b${copy.name}\\b`)
  if (moves.test(text)) return true
  if (!text.includes(copy.target)) return false
  const names = new RegExp(`${copy.target.replace(/[.\\]/g, '\\$&')}(?![\\w.-])`)
  const own = nestedCopies(source)
    .filter(({ target, name }) => target === copy.target && name === copy.name)
    .map(({ at }) => text.slice(0, at.start).split('\n').length - 1)
  return text.split('\n').some((line, index) => {
    if (own.includes(index) || !names.test(line.replace(LEAVES, ''))) return false
    // The target of the same action stands in another line.
    return !(own.length > 0 && /^\s*target:/.test(line) && countOf(text, /^\s*target:/gm) === own.length)
  })
}

const countOf = (text: string, pattern: RegExp): number => text.match(pattern)?.length ?? 0
