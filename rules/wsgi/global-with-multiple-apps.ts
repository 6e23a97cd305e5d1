import { djangoProjects, type ProcessMember, sharedProcesses } from './_process-sharing.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { host, MAIN, project } from './_examples.ts'

const SHARED = conf`
  WSGIProcessGroup sites
  WSGIApplicationGroup %{GLOBAL}
`
const OWN = (name: string): string => conf`
  WSGIDaemonProcess ${name}
  WSGIProcessGroup ${name}
  WSGIApplicationGroup %{GLOBAL}
`

export default defineRule({
  summary: 'Two Django projects run in one Python interpreter',
  severity: 'error',
  otherSeverities: { info: 'where the scripts are not in the audit' },
  confidence: 'high',
  since: '0.1.0',
  why: 'Django has one set of settings for each interpreter, whatever the second script says: the project that is loaded first answers for both, with its own pages and its own database.',
  remedy: 'Give each project a `WSGIDaemonProcess` of its own; `%{GLOBAL}` may then stay',
  references: [
    'https://modwsgi.readthedocs.io/en/master/configuration-directives/WSGIApplicationGroup.html',
    'https://modwsgi.readthedocs.io/en/master/user-guides/application-issues.html',
  ],
  bad: [
    {
      title: 'the main interpreter of one group',
      files: {
        'etc/apache2/apache2.conf': conf`
          ${MAIN}
          WSGIDaemonProcess sites
          ${host('shop', SHARED)}
          ${host('wiki', SHARED, true)}
        `,
        ...project('shop'),
        ...project('wiki'),
      },
    },
    {
      title: 'an interpreter with a name, used twice',
      files: {
        'etc/apache2/apache2.conf': conf`
          ${MAIN}
          WSGIDaemonProcess sites
          WSGIApplicationGroup one
          WSGIProcessGroup sites
          ${host('shop', '')}
          ${host('wiki', '', true)}
        `,
        ...project('shop'),
        ...project('wiki'),
      },
    },
    {
      title: 'scripts outside of the audit, whose projects nobody knows',
      files: {
        'etc/apache2/apache2.conf': conf`
          ${MAIN}
          WSGIDaemonProcess sites
          ${host('shop', SHARED)}
          ${host('wiki', SHARED, true)}
        `,
      },
    },
  ],
  good: [
    {
      title: 'a daemon process for each',
      files: {
        'etc/apache2/apache2.conf': `${MAIN}${host('shop', OWN('shop'))}${host('wiki', OWN('wiki'))}`,
        ...project('shop'),
        ...project('wiki'),
      },
    },
    {
      title: 'one project under two names',
      files: {
        'etc/apache2/apache2.conf': conf`
          ${MAIN}
          WSGIDaemonProcess sites
          ${host('shop', SHARED)}
          ${host('www', SHARED)}
        `,
        ...project('shop'),
        ...project('www', `os.environ["DJANGO_SETTINGS_MODULE"] = "shop.settings"`),
      },
    },
    {
      title: 'one of them is no Django project',
      files: {
        'etc/apache2/apache2.conf': conf`
          ${MAIN}
          WSGIDaemonProcess sites
          ${host('shop', SHARED)}
          ${host('wiki', SHARED)}
        `,
        ...project('shop'),
        'opt/wiki/wiki/wsgi.py': conf`
          def application(environ, start_response):
              start_response("200 OK", [])
              return [b"wiki"]
        `,
      },
    },
    {
      title: 'an interpreter for each, as mod_wsgi has it of itself',
      files: {
        'etc/apache2/apache2.conf': conf`
          ${MAIN}
          WSGIDaemonProcess sites
          WSGIProcessGroup sites
          ${host('shop', '')}
          ${host('wiki', '')}
        `,
        ...project('shop'),
        ...project('wiki'),
      },
    },
  ],
  *check(deployment) {
    for (const { daemon, members } of sharedProcesses(deployment)) {
      if (members.length < 2) continue
      for (const [interpreter, inside] of byInterpreter(members)) {
        const projects = djangoProjects(inside)
        // What lies outside of the audit may be Django, and the same project or another.
        const unread = inside.filter(({ python }) => python === null)
        const isKnown = projects.length > 1
        const [first, second] = isKnown ? projects : [...projects, ...unread]
        if (first === undefined || second === undefined) continue
        const name =
          interpreter === '%{GLOBAL}' ? 'the main interpreter' : `the interpreter \`${interpreter}\``
        const of = daemon?.name.known ? `the group \`${daemon.name.value}\`` : 'Apache’s own processes'
        yield {
          at: second.application.alias.scriptAt,
          ...(isKnown ? {} : { severity: 'info', confidence: 'medium' }),
          message: isKnown
            ? `\`${moduleOf(first)}\` and \`${moduleOf(second)}\` run in ${name} of ${of}, so the project that is loaded first answers for both`
            : `\`${first.script}\` and \`${second.script}\` run in ${name} of ${of}; if they are two Django projects, the one loaded first answers for both`,
          label: 'no interpreter of its own',
          related: [
            { at: first.application.alias.scriptAt, message: 'in the same interpreter' },
            ...groupPlace(second),
            ...(daemon === null ? [] : [{ at: daemon.at, message: 'the group' }]),
          ],
        }
      }
    }
  },
})

function byInterpreter(members: readonly ProcessMember[]): ReadonlyMap<string, readonly ProcessMember[]> {
  const groups = new Map<string, ProcessMember[]>()
  for (const member of members) {
    if (member.interpreter === null) continue
    const known = groups.get(member.interpreter)
    if (known === undefined) groups.set(member.interpreter, [member])
    else known.push(member)
  }
  return groups
}

function moduleOf({ python }: ProcessMember): string {
  return python?.script.settingsModule?.name ?? ''
}

function groupPlace({ application }: ProcessMember) {
  const { at } = application.applicationGroup
  return at === null ? [] : [{ at, message: 'written here' }]
}
