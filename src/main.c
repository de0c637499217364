#include <stdio.h>

int main(void)
{
    puts("initialsdb");
    return 0;
}
