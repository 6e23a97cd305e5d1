import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { everywhere } from '../../src/servers/apache/queries/htaccess.ts'
import { argumentPlace } from '../../src/servers/apache/queries/places.ts'
import { isWhole } from '../../src/servers/apache/queries/set-reach.ts'
import { apacheMain } from '../_examples.ts'

const files = (line: string): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 80
      ServerName example.org
      DocumentRoot /srv/www
      <Location /admin>
          AuthType Basic
          AuthName "Staff"
          AuthUserFile /etc/apache2/users
          ${line}
          Require «group» admins
      </Location>
    `,
    ['authn_core', 'authn_file', 'authz_user', 'authz_groupfile', 'auth_basic'],
  ),
  'etc/apache2/users': 'staff:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=',
  'etc/apache2/groups': 'admins: staff',
  'srv/www/admin/page.txt': 'page',
})

export default defineRule({
  summary: 'A group is required, and no file says who is in it',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: '`Require group` looks into the `AuthGroupFile`. Where none is set nobody is in any group: the right password is asked for again and again, and `configtest` says nothing.',
  remedy: 'Name the file: `AuthGroupFile /etc/apache2/groups`',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_authz_groupfile.html'],
  bad: [{ title: 'no file', files: files('') }],
  good: [
    {
      title: 'a file',
      files: Object.fromEntries(
        Object.entries(files('AuthGroupFile /etc/apache2/groups')).map(([path, text]) => [
          path,
          text.replace(/[«»]/g, ''),
        ]),
      ),
    },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      const { modules, occurrences } = configuration
      if (!modules.has('authz_groupfile_module') || occurrences.has('authgroupfile')) continue
      // Other modules have groups of their own.
      if (
        [...modules.keys()].some(id =>
          /ldap|dbm|dbd|unixgroup|external|perl|python|shib|auth_cas|auth_pam/.test(id),
        )
      )
        continue
      const files = filesOf(configuration)
      const lines = everywhere(configuration, files, 'require')
      if (lines.length === 0 || !isWhole(configuration)) continue
      if (everywhere(configuration, files, 'authgroupfile').length > 0) continue
      for (const line of lines) {
        if (line.args[0]?.value.toLowerCase() !== 'group') continue
        yield {
          at: argumentPlace(line, 0),
          message:
            'no `AuthGroupFile` is set anywhere, so nobody is in this group and every password is refused',
        }
      }
    }
  },
})
