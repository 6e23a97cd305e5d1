import { conf } from '../../src/engine/conf.ts'

const STEPS = conf`
  FROM debian:bookworm-slim
  RUN apt-get update && apt-get install -y apache2 libapache2-mod-wsgi-py3 python3-django
  WORKDIR /srv/shop
  COPY . .
`
const COMPOSE = conf`
  services:
    web:
      build: .
      ports: ["80:80"]
`
const VOLUME = conf`
  ${COMPOSE}
      volumes:
        - data:/srv/shop/data
  volumes:
    data:
`
/** A site of Apache that runs the project. */
export const APACHE_SITE = conf`
  <VirtualHost *:80>
      ServerName example.org
      WSGIDaemonProcess shop python-path=/srv/shop
      WSGIScriptAlias / /srv/shop/shop/wsgi.py process-group=shop application-group=%{GLOBAL}
      <Directory /srv/shop>
          Require all granted
      </Directory>
  </VirtualHost>
`

interface More {
  readonly compose?: string
  readonly start?: string
  readonly files?: Record<string, string>
}

/**
 * A project with its image of Apache.
 *
 * @param project its files
 * @param steps what follows the copy of the project
 */
export const apacheImage = (
  project: Record<string, string>,
  steps: string,
  { compose = COMPOSE, start = 'CMD ["apachectl", "-D", "FOREGROUND"]', files = {} }: More = {},
): Record<string, string> => ({
  ...project,
  'manage.py': '',
  'data/.gitkeep': '',
  'apache/shop.conf': APACHE_SITE,
  'docker-compose.yml': compose,
  Dockerfile: conf`
    ${STEPS}
    ${steps}
    COPY apache/shop.conf /etc/apache2/sites-available/000-default.conf
    ${start}
  `,
  ...files,
})

/** With a volume of its own around the database. */
export const withVolume = VOLUME

/** The same project behind gunicorn. */
export const gunicornImage = (
  project: Record<string, string>,
  steps: string,
  more: Record<string, string> = {},
): Record<string, string> => ({
  ...project,
  'manage.py': '',
  'data/.gitkeep': '',
  'docker-compose.yml': COMPOSE.replace('80:80', '80:8000'),
  Dockerfile: conf`
    FROM python:3.12-slim
    RUN pip install django gunicorn && useradd shop
    WORKDIR /srv/shop
    COPY . .
    ${steps}
  `,
  ...more,
})
