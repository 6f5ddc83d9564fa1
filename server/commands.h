/* SPDX-License-Identifier: MIT */
/*
 * commands.h -- the subcommands; each gets the arguments after its name and answers an exit
 * code.
 */
#ifndef MLSERVE_SERVER_COMMANDS_H
#define MLSERVE_SERVER_COMMANDS_H

int cmd_predict(char **arguments);
int cmd_inspect(char **arguments);
int cmd_serve(char **arguments);

#endif
