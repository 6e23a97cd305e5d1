import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import { admitsOtherMachines } from './_postgres-clients-allowed.ts'
import type { Place } from '../../parsers/text/source.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { isLoopback } from '../../src/servers/address.ts'
import { postgresAddresses } from '../../src/servers/addresses/postgres.ts'

const HBA = conf`
  local all all peer
  host all all 127.0.0.1/32 scram-sha-256
  host all all ::1/128 scram-sha-256
`
const NGINX = conf`
  server {
      listen 80;
      server_name example.org;
      root /srv/www;
  }
`
const tree = (addresses: string, hba: string | null = HBA): Record<string, string> => ({
  'etc/nginx/nginx.conf': conf`
    events {
    }
    http {
    ${NGINX}
    }
  `,
  'etc/postgresql/15/main/postgresql.conf': conf`
    data_directory = '/var/lib/postgresql/15/main'
    ${addresses}
    port = 5432
  `,
  ...(hba === null ? {} : { 'etc/postgresql/15/main/pg_hba.conf': hba }),
})

export default defineRule({
  summary: 'PostgreSQL answers the whole network',
  severity: 'warning',
  otherSeverities: { info: 'for one address of the network, where `pg_hba.conf` admits no other machine' },
  confidence: 'medium',
  securitySeverity: 5.3,
  cwe: [1327],
  since: '0.1.0',
  why: 'The application of this machine reaches its database by a socket or by loopback. On every address PostgreSQL answers anonymous clients too, who may guess passwords, or use a fault that needs none.',
  remedy: "Write `listen_addresses = 'localhost'`, and restart PostgreSQL",
  references: [
    'https://www.postgresql.org/docs/current/runtime-config-connection.html#GUC-LISTEN-ADDRESSES',
    'https://www.postgresql.org/docs/current/auth-pg-hba-conf.html',
  ],
  unproven: 'The tests run nginx and Apache, and no database',
  bad: [
    { title: 'every address', files: tree("listen_addresses = «'*'»") },
    { title: 'every version 4 address', files: tree("listen_addresses = «'localhost, 0.0.0.0'»") },
    {
      title: 'access rules that are not in the audit',
      files: tree("listen_addresses = «'*'»", null),
    },
    {
      title: 'an address of the machine, though nobody else is let in',
      files: tree("listen_addresses = «'localhost,192.0.2.10'»"),
    },
  ],
  good: [
    { title: 'the default', files: tree("#listen_addresses = 'localhost'") },
    { title: 'loopback', files: tree("listen_addresses = 'localhost, 127.0.0.1, ::1'") },
    { title: 'the socket alone', files: tree("listen_addresses = ''") },
    {
      title: 'a database for other machines, by its access rules',
      files: tree(
        "listen_addresses = '*'",
        conf`
          ${HBA}
          hostssl shop shop 10.0.0.0/24 scram-sha-256
        `,
      ),
    },
    {
      title: 'an address chosen for other machines',
      files: tree("listen_addresses = 'localhost,10.0.0.5'", null),
    },
    {
      title: 'public on purpose',
      files: {
        ...tree("listen_addresses = '*'"),
        '.auditrc': conf`
          facts:
            publicListeners: ["5432"]
        `,
      },
    },
  ],
  *check(deployment) {
    const { facts } = deployment
    for (const server of programsOfKind(deployment, 'postgres')) {
      const listen = server.setting('listen_addresses')
      const port = server.setting('port')
      if (!listen?.known || listen.at === null || (port !== null && !port.known)) continue
      const number = port?.value ?? '5432'
      if (facts.publicListeners.some(each => each === number || each.endsWith(`:${number}`))) continue
      const admits = admitsOtherMachines(server)
      // Whoever lets other machines in wants them to connect.
      if (admits === true) continue
      const entries = listen.value.split(',').map(each => each.trim())
      const open = entries.find(isEveryAddress)
      const other = entries.find(isOtherAddress)
      if (open !== undefined) yield finding(listen.at, open, admits)
      else if (other !== undefined && admits === false) {
        yield {
          ...finding(listen.at, other, admits),
          severity: 'info' as const,
        }
      }
    }
  },
})

function finding(at: Place, address: string, admits: boolean | undefined) {
  const where = isEveryAddress(address) ? 'every address of the machine' : `\`${address}\``
  return {
    at,
    message:
      admits === false
        ? `PostgreSQL listens on ${where}, though its pg_hba.conf lets nobody in from another machine`
        : `PostgreSQL listens on ${where}, and not for this machine alone`,
    label: 'open to the network',
  }
}

function isEveryAddress(entry: string): boolean {
  return postgresAddresses(entry).some(address => address.kind === 'ip' && address.wildcard)
}

function isOtherAddress(entry: string): boolean {
  return !isEveryAddress(entry) && postgresAddresses(entry).some(address => isLoopback(address) === false)
}
