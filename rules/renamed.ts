/** Ids that rules had before, and the ones that they have now: an old id is an error that names the new one. */
export const RENAMED: ReadonlyMap<string, string> = new Map([
  ['apache/duplicate-server-name', 'apache/duplicate-servername'],
  ['apache/nested-conditional-never-true', 'apache/ifmodule-unknown-module'],
  ['app-server/uwsgi-params-missing', 'app-server/request-params-missing'],
  ['body-limits/default', 'body-limits/nginx-default-below-django'],
  ['body-limits/django', 'body-limits/django-below-nginx'],
  ['body-limits/header-size-chain', 'body-limits/apache-headers-below-nginx'],
  ['body-limits/inverted', 'body-limits/apache-below-nginx'],
  ['forwarded-headers/proto-not-sent-by-apache', 'forwarded-headers/proto-not-sent'],
  ['timeouts/apache-shorter', 'timeouts/apache-below-nginx'],
  ['timeouts/gunicorn-timeout-vs-nginx', 'timeouts/gunicorn-below-nginx'],
  ['timeouts/inverted', 'timeouts/nginx-below-apache'],
  ['wsgi/apache-legacy-acl', 'apache/legacy-access-control'],
])
