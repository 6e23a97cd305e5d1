import { groupBy } from '../../parsers/collections/group-by.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { scopeOf } from '../../src/servers/apache/queries/directives-in.ts'
import { everywhere } from '../../src/servers/apache/queries/htaccess.ts'
import { argumentPlace, namePlace } from '../../src/servers/apache/queries/places.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import { apacheMain } from '../_examples.ts'

const PASSWORD = conf`
  AuthType Basic
  AuthName Staging
  AuthUserFile /srv/users
  Require «valid-user»
`
const HOOK = conf`
  SetEnvIf Request_URI "^/hook" open
  ${PASSWORD}
  Order allow,deny
  Allow from env=open
`

const tree = (lines: string): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 80
      DocumentRoot /srv/www
      <Directory /srv/www>
          AllowOverride None
          ${lines}
      </Directory>
    `,
    ['access_compat', 'authn_core', 'authn_file', 'authz_user', 'auth_basic', 'setenvif'],
  ),
  'srv/users': 'staff:{SHA}x',
  'srv/www/hook': 'hook',
})

export default defineRule({
  summary: 'A path that is to need no password, without `Satisfy any`',
  severity: 'error',
  otherSeverities: { warning: 'where a section with `Allow from all` alone is to lift a password' },
  confidence: 'high',
  ofLoneHtaccess: true,
  since: '0.1.0',
  why: '`Allow from` and `Require valid-user` have both to agree, as `Satisfy All` is the default. So `Allow from env=…` does not lift the password for the path: it still answers 401, and every other path is a 403, with the right password as well.',
  remedy:
    'Write `Require env …` beside `Require valid-user` in place of `Order` and `Allow`; or add `Satisfy any`',
  references: [
    'https://httpd.apache.org/docs/2.4/mod/mod_access_compat.html#satisfy',
    'https://httpd.apache.org/docs/2.4/mod/mod_authz_core.html#requireany',
  ],
  bad: [
    { title: 'a hook without a password', files: tree(HOOK) },
    { title: 'in a .htaccess', files: { 'public/.htaccess': HOOK } },
    {
      title: 'all others denied, and a second host',
      files: {
        'public/.htaccess': conf`
          SetEnvIfNoCase Host ^www\.example\.org$ live=1
          ${PASSWORD}
          Order deny,allow
          Deny from all
          Allow from env=live
        `,
      },
    },
    {
      title: 'nobody denied',
      files: tree(conf`
        SetEnvIf Request_URI ^/hook open
        ${PASSWORD}
        Order deny,allow
        Allow from env=open
      `),
    },
    {
      title: 'a section for one file',
      files: {
        'public/.htaccess': conf`
          ${PASSWORD.replace(/[«»]/g, '')}
          <Files hook.php>
              Order allow,deny
              Allow from «all»
          </Files>
        `,
      },
    },
  ],
  good: [
    {
      title: 'one of them is enough',
      files: tree(conf`
        ${HOOK}
        Satisfy any
      `),
    },
    {
      title: 'as in 2.4',
      files: tree(conf`
        SetEnvIf Request_URI "^/hook" open
        ${PASSWORD}
        Require env open
      `),
    },
    {
      title: 'from an office, and with a password',
      files: {
        'public/.htaccess': conf`
          SetEnvIf X-Forwarded-For ^192\.0\.2\.7$ office
          ${PASSWORD}
          Order deny,allow
          Deny from all
          Allow from 10.0.0.0/8
          Allow from env=office
        `,
      },
    },
    {
      title: 'a file that is opened by either, and pictures',
      files: {
        'public/.htaccess': conf`
          ${PASSWORD}
          <Files hook.php>
              Order allow,deny
              Allow from all
              Satisfy any
          </Files>
          <FilesMatch "\.(png|css)$">
              Allow from all
          </FilesMatch>
        `,
      },
    },
    {
      title: 'a file for every address',
      files: {
        'public/.htaccess': conf`
          ${PASSWORD}
          Order deny,allow
          Deny from all
          Allow from 10.0.0.0/8
          <Files hook.php>
              Order allow,deny
              Allow from all
          </Files>
        `,
      },
    },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      const files = filesOf(configuration)
      const allows = everywhere(configuration, files, 'allow')
      // A directory above may say it for all below.
      if (allows.length === 0 || everywhere(configuration, files, 'satisfy').some(isAny)) continue
      const access = accessByScope(configuration, files)
      const asked = new Set<ApacheDirective>()
      for (const allow of allows) {
        const own = access.get(scopeOf(allow)) ?? []
        const require = own.find(asksForUser)
        const variable = exempting(configuration, files, allow)
        if (variable === null || require === undefined || own.some(isAllowAll) || asked.has(require)) continue
        asked.add(require)
        yield {
          at: argumentPlace(require, 0),
          message: closes(own)
            ? `\`Allow from env=${variable}\` and \`${shown(require)}\` have both to agree: what sets \`${variable}\` is still asked for a password, and all else is answered with 403, with the right one as well`
            : `\`Allow from env=${variable}\` does not lift \`${shown(require)}\`: without \`Satisfy any\` what sets \`${variable}\` is still asked for a password`,
          label: 'needed as well',
          related: [{ at: namePlace(allow), message: 'one of two that have to agree' }],
        }
      }
      for (const allow of allows) {
        const section = allow.parent
        if (!isAllowAll(allow) || section === null || !namesOneFile(section)) continue
        const own = access.get(section) ?? []
        const outer = access.get(scopeOf(section)) ?? []
        const require = outer.find(asksForUser)
        if (require === undefined || outer.some(isOld) || !own.every(isOld)) continue
        yield {
          at: argumentPlace(allow, 1),
          severity: 'warning',
          message: `without \`Satisfy any\` \`Allow from all\` does not lift \`${shown(require)}\`, so \`${section.args[0]?.value ?? ''}\` is still asked for with a password`,
          label: 'about addresses alone',
          related: [{ at: namePlace(require), message: 'needed as well' }],
          help: 'Write `Require all granted` instead, or add `Satisfy any`',
        }
      }
    }
  },
})

const ACCESS = ['require', 'requireany', 'requireall', 'requirenone', 'order', 'allow', 'deny', 'authtype']

/** The lines about access of each section, or of each file for those outside of all. */
function accessByScope(configuration: ApacheConfiguration, files: FileSystem) {
  return groupBy(
    ACCESS.flatMap(name => everywhere(configuration, files, name)),
    scopeOf,
  )
}

function isAny({ args }: ApacheDirective): boolean {
  return args[0]?.value.toLowerCase() !== 'all'
}

function isOld({ name }: ApacheDirective): boolean {
  return /^(?:order|allow|deny)$/i.test(name)
}

function asksForUser({ name, args }: ApacheDirective): boolean {
  return /^require$/i.test(name) && /^(?:valid-user|user|group)$/i.test(args[0]?.value ?? '')
}

function isAllowAll({ name, args }: ApacheDirective): boolean {
  return /^allow$/i.test(name) && args[1]?.value.toLowerCase() === 'all'
}

/** True where whoever no `Allow` names is refused. */
function closes(lines: readonly ApacheDirective[]): boolean {
  return lines.some(
    ({ name, args }) =>
      (/^order$/i.test(name) && /^(?:allow,deny|mutual-failure)$/i.test(args[0]?.value ?? '')) ||
      (/^deny$/i.test(name) && args[1]?.value.toLowerCase() === 'all'),
  )
}

/**
 * The variable by which a line allows some paths, methods or hosts; null for any other. Who allows what an address or
 * another header sets may want both that and a password.
 */
function exempting(
  configuration: ApacheConfiguration,
  files: FileSystem,
  { args }: ApacheDirective,
): string | null {
  const variable = /^env=([\w-]+)$/i.exec(args[1]?.value ?? '')?.[1]
  if (variable === undefined) return null
  const setters = ['setenvif', 'setenvifnocase']
    .flatMap(name => everywhere(configuration, files, name))
    .filter(line => line.args.slice(2).some(({ value }) => value.split('=', 1)[0] === variable))
  const isOfPath = setters.every(line =>
    /^(?:Request_URI|Request_Method|Host)$/i.test(line.args[0]?.value ?? ''),
  )
  return setters.length > 0 && isOfPath ? variable : null
}

/** True for a section of one file; a pattern of extensions is often there for what a browser has the password of. */
function namesOneFile({ name, args }: ApacheDirective): boolean {
  const [written = '', second] = args.map(({ value }) => value)
  return name === 'Files' && second === undefined && /^[\w.-]+$/.test(written)
}

function shown({ name, args }: ApacheDirective): string {
  return `${name} ${args.map(({ value }) => value).join(' ')}`
}
