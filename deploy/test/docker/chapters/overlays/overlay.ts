/** The settings that choose overlays. */
export const overlay = (...names: string[]) => ({
  COMPOSE_PATH_SEPARATOR: ":",
  COMPOSE_FILE: ["docker-compose.yml", ...names.map((name) => `deploy/${name}.yml`)].join(":"),
});
