import { djangoProjects, insists, type ProcessMember, sharedProcesses } from './_process-sharing.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { host, MAIN, project } from './_examples.ts'

const SHARED = 'WSGIProcessGroup sites'
const byDefault = (name: string, settings = `${name}.settings`): Record<string, string> =>
  project(name, `os.environ.setdefault("DJANGO_SETTINGS_MODULE", "${settings}")`)

export default defineRule({
  summary: 'Two Django projects share processes, and `setdefault` mixes up their settings',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'Processes have one environment, in Apache’s own as in those of a group. `os.environ.setdefault` keeps what stands there, so the project that is loaded second gets the settings of the first, in an interpreter of its own too: it answers 200 with the wrong site, or 500, and which one it hits changes with each restart.',
  remedy:
    'Give each project a `WSGIDaemonProcess` of its own, or write `os.environ["DJANGO_SETTINGS_MODULE"] = …` in every script',
  references: [
    'https://modwsgi.readthedocs.io/en/master/user-guides/application-issues.html',
    'https://docs.djangoproject.com/en/stable/howto/deployment/wsgi/',
  ],
  bad: [
    {
      title: 'two projects with the script of `startproject`',
      files: {
        'etc/apache2/apache2.conf': conf`
          ${MAIN}
          WSGIDaemonProcess sites
          ${host('shop', SHARED)}
          ${host('wiki', SHARED, true)}
        `,
        ...byDefault('shop'),
        ...byDefault('wiki'),
      },
    },
    {
      title: 'one insists on its own settings, and the other gets them',
      files: {
        'etc/apache2/apache2.conf': conf`
          ${MAIN}
          WSGIDaemonProcess sites
          ${host('shop', SHARED)}
          ${host('wiki', SHARED, true)}
        `,
        ...project('shop'),
        ...byDefault('wiki'),
      },
    },
    {
      title: 'no daemon process, so both run in Apache’s own',
      files: {
        'etc/apache2/apache2.conf': `${MAIN}${host('shop', '')}${host('wiki', '', true)}`,
        ...byDefault('shop'),
        ...byDefault('wiki'),
      },
    },
  ],
  good: [
    {
      title: 'a daemon process for each',
      files: {
        'etc/apache2/apache2.conf': `${MAIN}${host(
          'shop',
          conf`
            WSGIDaemonProcess shop
            WSGIProcessGroup shop
          `,
        )}${host(
          'wiki',
          conf`
            WSGIDaemonProcess wiki
            WSGIProcessGroup wiki
          `,
        )}`,
        ...byDefault('shop'),
        ...byDefault('wiki'),
      },
    },
    {
      title: 'each insists on its own settings, so that neither gets those of the other',
      files: {
        'etc/apache2/apache2.conf': conf`
          ${MAIN}
          WSGIDaemonProcess sites
          ${host('shop', SHARED)}
          ${host('wiki', SHARED)}
        `,
        ...project('shop'),
        ...project('wiki'),
      },
    },
    {
      title: 'each insists, in Apache’s own processes',
      files: {
        'etc/apache2/apache2.conf': `${MAIN}${host('shop', '')}${host('wiki', '')}`,
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
        ...byDefault('shop'),
        ...byDefault('www', 'shop.settings'),
      },
    },
    {
      title: 'scripts outside of the audit',
      files: {
        'etc/apache2/apache2.conf': conf`
          ${MAIN}
          WSGIDaemonProcess sites
          ${host('shop', SHARED)}
          ${host('wiki', SHARED)}
        `,
      },
    },
  ],
  *check(deployment) {
    for (const { daemon, members } of sharedProcesses(deployment)) {
      if (members.length < 2) continue
      const projects = djangoProjects(members)
      const [first, second] = projects
      if (first === undefined || second === undefined || shareInterpreter(projects)) continue
      const processes = daemon?.name.known
        ? `the processes of \`${daemon.name.value}\``
        : 'Apache’s own processes'
      // Each interpreter has an `os.environ` of its own, which assignments change alone. What else the processes share is
      // their clock, of which `wsgi/timezone-leak` tells where the projects disagree.
      if (projects.every(insists)) continue
      yield {
        at: second.application.alias.scriptAt,
        message: `${listed(projects)} run in ${processes}, where \`setdefault\` gives the one loaded later the settings of the first`,
        label: 'shares its processes with another project',
        related: [
          { at: first.application.alias.scriptAt, message: 'the first of them' },
          ...projects.flatMap(({ python }) => {
            const module = python?.script.settingsModule
            return module?.how === 'setdefault'
              ? [{ at: module.at, message: 'gives way to what stands in the environment' }]
              : []
          }),
          ...(daemon === null ? [] : [{ at: daemon.at, message: 'the group' }]),
        ].slice(0, 6),
      }
    }
  },
})

/** Then they get in each other's way far earlier, and `wsgi/global-with-multiple-apps` says so. */
function shareInterpreter(projects: readonly ProcessMember[]): boolean {
  const seen = new Set<string>()
  for (const { interpreter } of projects) {
    if (interpreter === null) continue
    if (seen.has(interpreter)) return true
    seen.add(interpreter)
  }
  return false
}

function listed(projects: readonly ProcessMember[]): string {
  const names = projects.map(({ python }) => `\`${python?.script.settingsModule?.name ?? ''}\``)
  return names.length > 3
    ? `${names.slice(0, 2).join(', ')} and ${names.length - 2} more projects`
    : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
}
