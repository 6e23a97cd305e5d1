import { isUnknownWord } from '../../parsers/text/source.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { containerVariables } from './_container-variables.ts'

const service = (image: string, variable: string): Record<string, string> => ({
  'docker-compose.yml': conf`
    services:
      app:
        image: ${image}
        ports: ["127.0.0.1:8080:80"]
        environment:
          ${variable}
  `,
})

export default defineRule({
  summary: 'A list in a variable of a container has another separator than the image reads',
  severity: 'error',
  otherSeverities: { warning: 'where the file is one to be copied' },
  confidence: 'high',
  since: '0.1.0',
  why: 'The image cuts the list at one separator, and takes what stands between two of them for one item: Nextcloud trusts a domain with the name `cloud.example.org,192.168.178.20`, which no `Host` equals: `Access through untrusted domain`. NetBox then answers `Bad Request (400)`.',
  remedy: 'Write the separator that the image reads: blanks for Nextcloud and NetBox, commas for most others',
  references: [
    'https://github.com/nextcloud/docker#auto-configuration-via-environment-variables',
    'https://github.com/netbox-community/netbox-docker/wiki/Configuration',
    'https://docs.paperless-ngx.com/configuration/#PAPERLESS_ALLOWED_HOSTS',
    'https://github.com/nginx-proxy/acme-companion/blob/main/docs/Let-s-Encrypt-and-ACME.md',
  ],
  unproven: 'The live tests start no containers: where a list is cut, the entry point of the image decides',
  bad: [
    {
      title: 'Nextcloud, which cuts at blanks',
      files: service('nextcloud:29-apache', '- NEXTCLOUD_TRUSTED_DOMAINS=«cloud.example.org,192.168.178.20»'),
    },
    {
      title: 'commas and blanks',
      files: service('nextcloud:29', 'TRUSTED_PROXIES: «172.16.0.0/12, 10.0.0.0/8»'),
    },
    {
      title: 'NetBox',
      files: service('netboxcommunity/netbox:v4.1', 'ALLOWED_HOSTS: "«netbox.example.org,localhost»"'),
    },
    {
      title: 'Paperless, which cuts at commas',
      files: service(
        'ghcr.io/paperless-ngx/paperless-ngx:2.11',
        'PAPERLESS_ALLOWED_HOSTS: «paperless.example.org 192.168.178.20»',
      ),
    },
    {
      title: 'certificates for names behind nginx-proxy',
      files: service('example/shop:4', 'LETSENCRYPT_HOST: «example.org;www.example.org»'),
    },
    {
      title: 'a file of variables',
      files: {
        ...service('nextcloud:29', 'PHP_UPLOAD_LIMIT: 2G'),
        'docker-compose.yml': conf`
          services:
            app:
              image: nextcloud:29-fpm
              env_file: cloud.env
        `,
        'cloud.env': 'NEXTCLOUD_TRUSTED_DOMAINS=«cloud.example.org;nas.example.org»\n',
      },
    },
  ],
  good: [
    {
      title: 'blanks for Nextcloud',
      files: service('nextcloud:29', 'NEXTCLOUD_TRUSTED_DOMAINS: cloud.example.org 192.168.178.20'),
    },
    {
      title: 'lines for Nextcloud',
      files: service('nextcloud:29', 'NEXTCLOUD_TRUSTED_DOMAINS: >-\n  cloud.example.org\n  192.168.178.20'),
    },
    {
      title: 'commas for Paperless',
      files: service(
        'ghcr.io/paperless-ngx/paperless-ngx:2.11',
        'PAPERLESS_ALLOWED_HOSTS: paperless.example.org,192.168.178.20',
      ),
    },
    {
      title: 'an image that reads the variable in another way',
      files: service('example/nextcloud:3', 'NEXTCLOUD_TRUSTED_DOMAINS: cloud.example.org,nas.example.org'),
    },
    {
      title: 'a list that is filled in',
      files: service('nextcloud:29', 'NEXTCLOUD_TRUSTED_DOMAINS: ${DOMAINS}'),
    },
    {
      title: 'an entry point of one’s own',
      files: {
        'docker-compose.yml': conf`
          services:
            app:
              image: nextcloud:29
              entrypoint: /start.sh
              volumes: ["./start.sh:/start.sh"]
              environment:
                NEXTCLOUD_TRUSTED_DOMAINS: cloud.example.org,nas.example.org
        `,
        'start.sh': '#!/bin/sh\nNEXTCLOUD_TRUSTED_DOMAINS=$(echo $NEXTCLOUD_TRUSTED_DOMAINS | tr , " ")\n',
      },
    },
    {
      title: 'names of nginx-proxy with commas',
      files: service('example/shop:4', 'LETSENCRYPT_HOST: example.org, www.example.org'),
    },
  ],
  *check({ machines }) {
    for (const { container } of machines) {
      const lists = container === null ? [] : listsOf(container)
      if (container === null || lists.length === 0) continue
      for (const { name, value, isExample } of containerVariables(container)) {
        const list = lists.find(({ variables }) => variables.includes(name))
        if (list === undefined || value?.known !== true || value.at === null) continue
        if (isUnknownWord(value.value) || !OTHERS[list.separator].test(value.value.trim())) continue
        const items = value.value.split(/[\s,;]+/).filter(item => item !== '')
        if (items.length < 2 || !items.every(item => ITEM.test(item))) continue
        yield {
          at: value.at,
          ...(isExample === true && { severity: 'warning' as const }),
          message: `${list.program} cuts \`${name}\` at ${list.separator}s, and takes what stands between two of them for one item: ${list.said}`,
          label: `no list with ${list.separator}s`,
          help: `Write \`${items.join(list.separator === 'blank' ? ' ' : ',')}\``,
        }
      }
    }
  },
})

interface List {
  /** Of the image, without its registry; null where the program reads the variables of every container beside it. */
  readonly image: RegExp | null
  readonly program: string
  readonly variables: readonly string[]
  readonly separator: 'blank' | 'comma'
  /** What the program says to a client. */
  readonly said: string
}

const list = (
  image: RegExp | null,
  program: string,
  variables: string,
  separator: List['separator'],
  said: string,
): List => ({ image, program, variables: variables.split(' '), separator, said })

const PAPERLESS = /^paperless-ngx\/paperless-ngx$/
const NO_ORIGIN = 'it trusts none of the origins'
const NO_OTHER_SITE = 'it allows none of the other sites'

const LISTS: readonly List[] = [
  list(/^nextcloud$/, 'Nextcloud', 'NEXTCLOUD_TRUSTED_DOMAINS', 'blank', 'Access through untrusted domain'),
  list(/^nextcloud$/, 'Nextcloud', 'TRUSTED_PROXIES FORWARDED_FOR_HEADERS', 'blank', 'it trusts no proxy'),
  list(/^netboxcommunity\/netbox$/, 'NetBox', 'ALLOWED_HOSTS', 'blank', 'Bad Request (400)'),
  list(/^netboxcommunity\/netbox$/, 'NetBox', 'CSRF_TRUSTED_ORIGINS', 'blank', NO_ORIGIN),
  list(/^netboxcommunity\/netbox$/, 'NetBox', 'CORS_ORIGIN_WHITELIST', 'blank', NO_OTHER_SITE),
  list(PAPERLESS, 'Paperless', 'PAPERLESS_ALLOWED_HOSTS', 'comma', 'Bad Request (400)'),
  list(PAPERLESS, 'Paperless', 'PAPERLESS_CSRF_TRUSTED_ORIGINS', 'comma', NO_ORIGIN),
  list(PAPERLESS, 'Paperless', 'PAPERLESS_CORS_ALLOWED_HOSTS', 'comma', NO_OTHER_SITE),
  list(PAPERLESS, 'Paperless', 'PAPERLESS_TRUSTED_PROXIES', 'comma', 'it trusts no proxy'),
  list(/^weblate\/weblate$/, 'Weblate', 'WEBLATE_ALLOWED_HOSTS', 'comma', 'Bad Request (400)'),
  list(/^phpmyadmin$/, 'phpMyAdmin', 'PMA_HOSTS', 'comma', 'it finds no such server'),
  list(null, 'acme-companion', 'LETSENCRYPT_HOST', 'comma', 'no certificate is made'),
]

/** What separates items, and is no separator of this list. */
const OTHERS: Readonly<Record<List['separator'], RegExp>> = {
  blank: /[,;]/,
  // Blanks beside a comma are taken off, or harm one item alone.
  comma: /^[^,]*(?:;|[^\s,;][ \t]+[^\s,;])[^,]*$/,
}

/** A name, an address or a network, with its scheme and its port. */
const ITEM = /^(?:https?:\/\/)?(?:[*.]?[\w-][\w.*-]*|\[?[\da-f:.]+\]?)(?::\d+)?(?:\/\d+)?$/i

function listsOf({ base, service }: Container): readonly List[] {
  if (service.entrypoint !== null) return []
  const image = service.build === null ? base?.replace(/^(?:[\w-]+\.)+[a-z]+(?::\d+)?\//, '') : undefined
  return LISTS.filter(each => each.image === null || (image !== undefined && each.image.test(image)))
}
