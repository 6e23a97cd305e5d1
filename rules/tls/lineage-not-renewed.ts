import { memo } from '../../parsers/collections/memo.ts'
import type { Renewal } from '../../parsers/certbot/renewal.ts'
import { renewals } from '../../src/deployment/acme-challenges.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import { nginxMain } from '../_examples.ts'
import { type NamedLineage, namedLineages } from './_lineages.ts'

const nginx = (name: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(conf`
    server {
        listen 443 ssl;
        server_name example.org;
        ssl_certificate ${name.startsWith('«') ? `«/etc/letsencrypt/live/${name.slice(1, -1)}/fullchain.pem»` : `/etc/letsencrypt/live/${name}/fullchain.pem`};
        ssl_certificate_key /etc/letsencrypt/live/${name.replace(/[«»]/g, '')}/privkey.pem;
        root /srv/www;
    }
  `),
})
const renewal = (name: string): Record<string, string> => ({
  [`etc/letsencrypt/renewal/${name}.conf`]: conf`
    [renewalparams]
    authenticator = nginx
    installer = nginx
  `,
})

export default defineRule({
  summary: 'The server names a certificate that certbot no longer renews',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'Where a certificate was asked for again with other names, certbot keeps it in a second directory, `example.org-0001`. Only what has a file in `/etc/letsencrypt/renewal` is renewed: the one that the server names expires, and the other one is renewed for nobody.',
  remedy: 'Name the directory that is renewed, and reload the server',
  references: ['https://eff-certbot.readthedocs.io/en/stable/using.html#where-are-my-certificates'],
  unproven: 'The live tests have no certbot and no authority that renews',
  bad: [
    {
      title: 'the second one is renewed',
      files: { ...nginx('«example.org»'), ...renewal('example.org-0001') },
    },
    {
      title: 'the first one is renewed',
      files: { ...nginx('«example.org-0001»'), ...renewal('example.org') },
    },
  ],
  good: [
    {
      title: 'the one that is renewed',
      files: { ...nginx('example.org-0001'), ...renewal('example.org-0001') },
    },
    {
      title: 'both are renewed',
      files: { ...nginx('example.org'), ...renewal('example.org'), ...renewal('example.org-0001') },
    },
    {
      title: 'certificates of other names alone',
      files: { ...nginx('example.org'), ...renewal('example.net') },
    },
  ],
  *check(deployment) {
    for (const lineage of namedLineages(deployment)) {
      const found = judge(lineage)
      if (found !== null) yield { at: lineage.at, ...found }
    }
  },
})

/** What certbot renews, by the whole name, and by the one without its number where no other is called so. */
const namesRenewed = memo((files: FileSystem): ReadonlyMap<string, Renewal> => {
  const known = renewals(files)
  return new Map([
    ...known.map(each => [stemOf(each.name), each] as const),
    ...known.map(each => [each.name, each] as const),
  ])
})

function stemOf(name: string): string {
  return name.replace(/-\d{4}$/, '')
}

/** What is wrong with a certificate that has no renewal file, where its namesake has one. */
function judge({ name, path, machine }: NamedLineage) {
  const known = namesRenewed(machine.files)
  const other = known.get(name)?.name === name ? undefined : known.get(stemOf(name))
  if (other === undefined) return null
  return {
    message: `certbot renews \`${other.name}\`, and no longer \`${name}\``,
    label: 'not renewed',
    related: other.authenticatorAt === null ? [] : [{ at: other.authenticatorAt, message: 'renewed here' }],
    help: `Name \`${path.replace(`/${name}/`, `/${other.name}/`)}\``,
  }
}
