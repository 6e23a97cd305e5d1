import type { Deployment } from '../../src/deployment/model.ts'
import { type ProcessMember, sharedProcesses } from './_process-sharing.ts'
import { applicationTimeZone, isSameClock, systemTimeZone } from './_time-zones.ts'
import type { Place } from '../../parsers/text/source.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { apacheMain } from '../_examples.ts'

const MAIN = apacheMain(
  conf`
    CustomLog /var/log/apache2/access.log "%t %U"
    StartServers 1
    ServerLimit 1
    MaxRequestWorkers 25
    Listen 127.0.0.1:9000
  `,
  ['wsgi'],
)
const host = (name: string, lines: string): string => conf`
  <VirtualHost *:9000>
      ServerName ${name}.example.org
      ${lines}
      WSGIScriptAlias / /opt/${name}/${name}/wsgi.py
      <Directory /opt/${name}>
          Require all granted
      </Directory>
  </VirtualHost>
`
const OWN = (name: string): string => conf`
  WSGIDaemonProcess ${name}
  WSGIProcessGroup ${name}
`
const SHARED = 'WSGIProcessGroup sites'
const project = (name: string, zone: string, module = '"'): Record<string, string> => ({
  [`opt/${name}/${name}/wsgi.py`]: conf`
    import os
    import sys

    sys.path.insert(0, "/opt/${name}")
    os.environ["DJANGO_SETTINGS_MODULE"] = ${module}${name}.settings${module === '"' ? '"' : '"»'}

    from django.core.wsgi import get_wsgi_application

    application = get_wsgi_application()
  `,
  [`opt/${name}/${name}/__init__.py`]: '',
  [`opt/${name}/${name}/settings.py`]: conf`
    SECRET_KEY = "${name}"
    ALLOWED_HOSTS = [".example.org"]
    ROOT_URLCONF = "${name}.urls"
    ${zone}
  `,
  [`opt/${name}/${name}/urls.py`]: conf`
    import time

    from django.http import HttpResponse
    from django.urls import re_path


    def page(request):
        return HttpResponse(time.strftime("%z"))


    urlpatterns = [re_path("", page)]
  `,
})
const UTC = { 'etc/timezone': conf`Etc/UTC` }

export default defineRule({
  summary: 'Django moves the processes it runs in to another time zone',
  severity: 'info',
  otherSeverities: { warning: 'where applications disagree, or Apache itself changes its time zone' },
  confidence: 'high',
  since: '0.1.0',
  why: 'Django sets the zone of the whole process when it reads its settings. In Apache’s own processes the stamps of the access log jump with the first request, and what reads logs by time, such as fail2ban, loses its place. Of two projects in one group, the one loaded last sets the clock of both.',
  remedy:
    'Give each project a daemon process of its own; where the lines of its error log matter, `TIME_ZONE = "UTC"` on a machine in UTC, with the zone of each client activated in the views',
  references: [
    'https://docs.djangoproject.com/en/stable/ref/settings/#time-zone',
    'https://modwsgi.readthedocs.io/en/master/user-guides/application-issues.html',
  ],
  bad: [
    {
      title: 'in Apache’s own processes',
      files: {
        'etc/apache2/apache2.conf': `${MAIN}${host('shop', '')}`,
        ...UTC,
        ...project('shop', '«TIME_ZONE = "Asia/Tokyo"»'),
      },
    },
    {
      title: 'two projects, two clocks, one process',
      files: {
        'etc/apache2/apache2.conf': conf`
          ${MAIN}
          WSGIDaemonProcess sites
          ${host('shop', SHARED)}
          ${host('wiki', SHARED)}
        `,
        ...project('shop', 'TIME_ZONE = "UTC"'),
        ...project('wiki', '«TIME_ZONE = "Europe/Berlin"»'),
      },
    },
    {
      title: 'no zone set, which is Chicago to Django',
      files: {
        'etc/apache2/apache2.conf': `${MAIN}${host('shop', OWN('shop'))}`,
        ...UTC,
        ...project('shop', '', '«"'),
      },
    },
  ],
  good: [
    {
      title: 'the zone of the machine',
      files: {
        'etc/apache2/apache2.conf': `${MAIN}${host('shop', '')}`,
        ...UTC,
        ...project('shop', 'TIME_ZONE = "UTC"'),
      },
    },
    {
      title: 'two clocks, a daemon process for each',
      files: {
        'etc/apache2/apache2.conf': `${MAIN}${host('shop', OWN('shop'))}${host('wiki', OWN('wiki'))}`,
        ...project('shop', 'TIME_ZONE = "UTC"'),
        ...project('wiki', 'TIME_ZONE = "Europe/Berlin"'),
      },
    },
    {
      title: 'Django leaves the zone alone',
      files: {
        'etc/apache2/apache2.conf': `${MAIN}${host('shop', '')}`,
        ...UTC,
        ...project('shop', 'TIME_ZONE = None'),
      },
    },
    {
      title: 'a machine whose zone nobody knows',
      files: {
        'etc/apache2/apache2.conf': `${MAIN}${host('shop', '')}`,
        ...project('shop', 'TIME_ZONE = "Asia/Tokyo"'),
      },
    },
  ],
  *check(deployment) {
    for (const { daemon, members } of sharedProcesses(deployment)) {
      const zoned = zonesOf(deployment, members)
      const [first] = zoned
      if (first === undefined) continue
      const rival = zoned.find(({ zone }) => isSameClock(zone, first.zone) === false)
      if (rival !== undefined) {
        yield {
          at: rival.at,
          severity: 'warning',
          message: `\`${first.zone}\` and \`${rival.zone}\` meet in the same processes, and whichever project is loaded last sets the clock of both`,
          label: 'one clock for two projects',
          related: [
            { at: first.at, message: `\`${first.zone}\` here` },
            {
              at: first.member.application.processGroup.at ?? daemon?.at,
              message: 'the processes they share',
            },
          ].flatMap(({ at, message }) => (at === undefined ? [] : [{ at, message }])),
        }
        continue
      }
      const system = systemTimeZone(deployment.filesOf(first.member.application.configuration))
      if (!system.known || isSameClock(first.zone, system.value) !== false) continue
      const { alias } = first.member.application
      yield {
        at: first.at,
        severity: daemon === null ? 'warning' : 'info',
        message:
          daemon === null
            ? `Django sets Apache’s own processes to \`${first.zone}\`, on a machine in \`${system.value}\`: the stamps of the access log jump with the first request`
            : `the daemon process logs in \`${first.zone}\`, Apache in \`${system.value}\``,
        label: 'sets the zone of the process',
        related: [
          { at: alias.scriptAt, message: daemon === null ? 'embedded in Apache' : 'this application' },
        ],
      }
    }
  },
})

interface Zoned {
  readonly member: ProcessMember
  readonly zone: string
  readonly at: Place
}

function zonesOf(deployment: Deployment, members: readonly ProcessMember[]): readonly Zoned[] {
  return members.flatMap(member => {
    const zone = applicationTimeZone(deployment, member.application)
    if (!zone.known || zone.value === null || zone.at === null) return []
    return [{ member, zone: zone.value, at: zone.at }]
  })
}
