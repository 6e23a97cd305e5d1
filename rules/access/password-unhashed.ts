import type { Place, Source } from '../../parsers/text/source.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule, type RuleFinding } from '../../src/engine/rule.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import { everywhere } from '../../src/servers/apache/queries/htaccess.ts'
import { argumentPlace as apachePlace } from '../../src/servers/apache/queries/places.ts'
import { apacheMain, nginxMain, nginxServer } from '../_examples.ts'

const nginx = (line: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(
    nginxServer(conf`
      root /srv/www;
      auth_basic "Preview";
      auth_basic_user_file users;
    `),
  ),
  'etc/nginx/users': `# who sees the preview\n${line}\n`,
  'srv/www/page.txt': 'page',
})
const apache = (line: string): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 80
      ServerName example.org
      DocumentRoot /srv/www
      <Directory /srv/www>
          AuthType Basic
          AuthName Preview
          AuthUserFile /etc/apache2/users
          Require valid-user
      </Directory>
    `,
    ['auth_basic', 'authn_core', 'authn_file', 'authz_user'],
  ),
  'etc/apache2/users': `${line}\n`,
  'srv/www/page.txt': 'page',
})
const HASHED = '$apr1$abcdefgh$a/z.SVvUdIBSA733XKQX41'

export default defineRule({
  summary: 'A password stands in the file as it is, so nobody logs in by it',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'What stands behind the colon is taken for what the password comes to, and no password comes to a plain word: the right one is answered with 401 as any other. nginx takes a plain one behind `{PLAIN}`, Apache none at all on Unix.',
  remedy: 'Write the line by `htpasswd -B FILE NAME` or `openssl passwd -apr1`',
  references: [
    'https://nginx.org/en/docs/http/ngx_http_auth_basic_module.html#auth_basic_user_file',
    'https://httpd.apache.org/docs/2.4/misc/password_encryptions.html',
  ],
  bad: [
    { title: 'a plain word for nginx', files: nginx('preview:«letmein2024»') },
    { title: 'a plain word for Apache', files: apache('preview:«letmein2024»') },
    { title: 'a scheme of nginx for Apache', files: apache('preview:«{PLAIN}letmein2024»') },
  ],
  good: [
    { title: 'hashed, for nginx', files: nginx(`preview:${HASHED}:the customer`) },
    { title: 'hashed, for Apache', files: apache(`preview:${HASHED}`) },
    {
      title: 'names and realms of digest authentication',
      files: apache('preview:Staging:3f2b3f7b7fdd3e2d64a7b5a2e3a4c1d0'),
    },
    { title: 'plain, and said so', files: nginx('preview:{PLAIN}letmein2024') },
    { title: 'filled in elsewhere', files: nginx('preview:{{ preview_hash }}') },
    { title: 'an account that is locked', files: apache('nobody:*') },
    { title: 'an account that is locked as `passwd -l` does', files: nginx(`preview:!${HASHED}`) },
    { title: 'the crypt of old', files: nginx('preview:rqXexS6ZhobKA') },
  ],
  *check({ nginx: configurations, apache: httpd, filesOf }) {
    for (const configuration of configurations) {
      const { main, occurrences } = configuration
      const said = new Set<Source>()
      for (const line of occurrences.get('auth_basic_user_file') ?? []) {
        const written = line.args[0]?.value ?? ''
        if (written === '' || written.includes('$') || (main === null && !written.startsWith('/'))) continue
        const home = main === null ? '' : main.path.slice(0, main.path.lastIndexOf('/'))
        const path = written.startsWith('/') ? written : `${home}/${written}`
        const source = unsaid(filesOf(configuration), path, said)
        if (source !== null) yield* plainWords(source, argumentPlace(line, 0), 'nginx')
      }
    }
    for (const configuration of httpd) {
      const files = filesOf(configuration)
      const said = new Set<Source>()
      for (const line of everywhere(configuration, files, 'authuserfile')) {
        const path = line.args[0]?.value ?? ''
        const source = path.startsWith('/') ? unsaid(files, path, said) : null
        if (source !== null) yield* plainWords(source, apachePlace(line, 0), 'Apache')
      }
    }
  },
})

/** The file at a path, the first time it is asked for. */
function unsaid(files: FileSystem, path: string, said: Set<Source>): Source | null {
  const source = sourceAt(files, path)
  if (source === null || said.has(source)) return null
  said.add(source)
  return source
}

/** The lines of a file that no password comes to. */
function* plainWords(source: Source, reader: Place, server: 'nginx' | 'Apache'): Generator<RuleFinding> {
  for (const line of source.text.matchAll(/^([^#\s:][^:\n]*):([^:\r\n]+)(?::([^\r\n]*))?\r?$/gm)) {
    const [, name = '', word = '', rest = ''] = line
    if (mayBeHash(word, server) || (server === 'Apache' && OF_DIGEST.test(rest))) continue
    const start = line.index + name.length + 1
    yield {
      at: { source, start, end: start + word.length },
      message: `${server} takes this for a hash, so \`${name}\` gets 401 with every password`,
      label: 'no hash',
      related: [{ at: reader, message: 'read here' }],
    }
  }
}

/** What `htdigest` writes behind the name and the realm. */
const OF_DIGEST = /^[0-9a-f]{32}$/

/** What people write so that nobody logs in, as in `/etc/shadow`. */
const LOCKED = /^(?:[*!]+|x+|-+)$/

/** True for what some password comes to, and for what is filled in later. */
function mayBeHash(word: string, server: 'nginx' | 'Apache'): boolean {
  const scheme = /^\{([A-Za-z0-9]+)\}/.exec(word)?.[1]?.toUpperCase()
  if (scheme === 'SHA') return true
  if (scheme === 'PLAIN' || scheme === 'SSHA') return server === 'nginx'
  if (LOCKED.test(word)) return true
  // Of DES, and of BSD, whose alphabet a word may have by chance.
  return /[${}<>%\s]/.test(word) || /^[./0-9A-Za-z]{13}$/.test(word) || /^_[./0-9A-Za-z]{19}$/.test(word)
}
