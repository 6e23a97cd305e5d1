import { defineRule } from '../../src/engine/rule.ts'
import type { ApacheConfiguration, ApacheModule } from '../../src/servers/apache/configuration.ts'
import { apacheDirective } from '../../src/servers/apache/directives.ts'
import { apacheMain } from '../_examples.ts'

/**
 * The modules that the benchmarks want to be gone where nobody needs them: what of a handler, an option or a provider
 * shows that somebody does, beside their own directives.
 */
const MODULES: ReadonlyMap<string, RegExp | null> = new Map([
  ['dav_module', null],
  ['dav_fs_module', /^fs$|^filesystem$/i],
  ['dav_lock_module', null],
  ['status_module', /^server-status$/],
  ['info_module', /^server-info$/],
  ['autoindex_module', /^\+?(?:Indexes|All)$/i],
  ['userdir_module', null],
  ['cgi_module', /^cgi-script$|^\+?(?:ExecCGI|All)$/i],
  ['cgid_module', /^cgi-script$|^\+?(?:ExecCGI|All)$/i],
  ['include_module', /^\+?(?:Includes|IncludesNOEXEC|All)$|^INCLUDES$/i],
  ['proxy_ftp_module', /^ftp:/i],
  ['proxy_connect_module', null],
  ['proxy_balancer_module', /^balancer:|^balancer-manager$/i],
  ['proxy_ajp_module', /^ajp:/i],
  ['auth_digest_module', /^digest$/i],
])

/** Lines that a package writes for a module without making any use of it. */
const IDLE: ReadonlySet<string> = new Set([
  'extendedstatus',
  'proxystatus',
  'indexoptions',
  'indexignore',
  'readmename',
  'headername',
  'addicon',
  'addiconbytype',
  'addiconbyencoding',
  'addalt',
  'adddescription',
  'defaulticon',
  'davlockdb',
  'scriptsock',
])

export default defineRule({
  summary: 'A module is loaded that nothing uses',
  severity: 'info',
  confidence: 'medium',
  since: '0.1.0',
  why: 'A module without a line that uses it answers nothing, and its faults may be reached all the same some day: by a `.htaccess`, or a line that somebody adds.',
  remedy: 'Remove the `LoadModule`: `a2dismod` on Debian',
  controls: [
    'CIS Apache 2.3',
    'CIS Apache 2.4',
    'CIS Apache 2.5',
    'CIS Apache 2.6',
    'CIS Apache 2.7',
    'CIS Apache 2.8',
    'CIS Apache 2.9',
    'dev-sec apache-08',
  ],
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_so.html#loadmodule'],
  bad: [
    {
      title: 'two of Debian’s',
      files: {
        'etc/apache2/apache2.conf': apacheMain(
          ['Listen 80', 'IndexOptions FancyIndexing'],
          ['autoindex', 'dav'],
        ).replace(/LoadModule (?:autoindex|dav)_module .*/g, '«$&»'),
      },
    },
  ],
  good: [
    {
      title: 'both in use',
      files: {
        'etc/apache2/apache2.conf': apacheMain(
          [
            'Listen 80',
            'DavLockDB /var/lock/dav',
            '<Directory /srv/www>',
            'Options +Indexes',
            'Dav On',
            '</Directory>',
          ],
          ['autoindex', 'dav'],
        ),
      },
    },
  ],
  *check({ apache }) {
    for (const configuration of apache) {
      if (configuration.main === null || !configuration.modulesComplete) continue
      for (const [id, sign] of MODULES) {
        const module = configuration.modules.get(id)
        if (module?.at == null || isUsed(configuration, id, sign)) continue
        yield { at: module.at, message: `no line uses \`${nameOf(id, module)}\`` }
      }
    }
  },
})

function isUsed(configuration: ApacheConfiguration, id: string, sign: RegExp | null): boolean {
  for (const [name, lines] of configuration.occurrences) {
    if (!IDLE.has(name) && apacheDirective(name)?.modules.includes(id) === true) return true
    if (sign !== null && lines.some(({ args }) => args.some(({ value }) => sign.test(value)))) return true
  }
  return false
}

function nameOf(id: string, { file }: ApacheModule): string {
  return file?.replace(/\.c$/, '') ?? id
}
