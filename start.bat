@echo off
rem Starts Redis Memory Magic in Docker: checks Docker, creates .env, starts all services and waits until they are healthy.
setlocal
cd /d "%~dp0"

where docker >nul 2>&1
if errorlevel 1 (
  echo Docker is not installed, or not on the PATH.
  echo Install Docker Desktop ^(https://www.docker.com/products/docker-desktop^), then run this again.
  exit /b 1
)
docker info >nul 2>&1
if errorlevel 1 (
  echo Docker is installed, but not running. Start Docker Desktop, then run this again.
  exit /b 1
)
set "COMPOSE=docker compose"
docker compose version >nul 2>&1
if errorlevel 1 set "COMPOSE=docker-compose"
%COMPOSE% version >nul 2>&1
if errorlevel 1 (
  echo Docker has no Compose. Install it ^(https://docs.docker.com/compose/install^), then run this again.
  exit /b 1
)

if not exist .env (
  copy .env.example .env >nul
  if errorlevel 1 (
    echo .env could not be written. Check the permissions of this folder.
    exit /b 1
  )
  echo Created .env from .env.example. To use ChatGPT, write your key after OPENAI_API_KEY= in it.
)

echo Starting. The first start builds the images, which takes some minutes.
%COMPOSE% up -d --build
if errorlevel 1 (
  echo.
  echo The services could not be started: see above.
  echo If a port is in use ^("address already in use", "port is already allocated"^), choose another in .env:
  echo WEB_PORT ^(the page, 3000^), PORT ^(the API, 9090^) or REDIS_PORT ^(Redis, 6379^).
  exit /b 1
)

set /a WAITED=0
:wait
set "WAITING="
for %%c in (redis-memory chat-backend chat-frontend) do call :check %%c
if not defined WAITING goto ready
if %WAITED% geq 180 (
  echo Not healthy after 180 seconds:%WAITING%. See: %COMPOSE% logs
  exit /b 1
)
echo Waiting for%WAITING% ^(%WAITED% s^)
rem timeout fails without a console for input; ping waits everywhere.
ping -n 5 127.0.0.1 >nul
set /a WAITED+=4
goto wait

:ready
set "PAGE=http://localhost:3000"
set "API=http://localhost:9090"
for /f "tokens=2 delims=:" %%p in ('docker port chat-frontend 80/tcp') do set "PAGE=http://localhost:%%p"
for /f "tokens=2 delims=:" %%p in ('docker port chat-backend 9090/tcp') do set "API=http://localhost:%%p"
for /f %%u in ('docker exec chat-backend printenv PUBLIC_URL 2^>nul') do set "PAGE=%%u"
echo.
echo Redis Memory Magic is ready.
echo.
echo   Page   %PAGE%
echo   API    %API%   (described at %API%/docs)
echo.
echo   Logs   %COMPOSE% logs -f
echo   Stop   %COMPOSE% down      (conversations are kept; down -v deletes them)
exit /b 0

:check
for /f %%s in ('docker inspect --format "{{.State.Health.Status}}" %1 2^>nul') do (
  if "%%s"=="healthy" exit /b 0
)
set "WAITING=%WAITING% %1"
exit /b 0
